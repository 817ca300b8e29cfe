package import StrataCore

/// What an attempt has used, as a part of a line.
package enum UsageText {
  /// - Parameter place: where that was, such as ` on tier cpu`. What was not measured is left out.
  package static func of(_ usage: AttemptUsage, at place: String = "") -> String {
    let (wall, cpu) = (Duration.microseconds(usage.wallMicroseconds), Duration.microseconds(usage.cpuMicroseconds))
    let memory = usage.memoryPeakBytes > 0 ? ", \(usage.memoryPeakBytes.asBytes) at most" : ""
    let units = usage.units > 0 ? ", \(usage.units) units" : ""
    return "\(wall.brief)\(place), \(cpu.brief) of CPU\(memory)\(units)"
  }
}
