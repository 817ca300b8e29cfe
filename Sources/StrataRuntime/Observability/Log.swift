import Glibc
public import StrataCore
import Synchronization

/// A small structured log: one line per event, `key=value` or JSON, to standard error or a file.
///
/// Never give it a secret. Values are data and may come from anyone: they are quoted, so that a value cannot forge a
/// line or a field.
public struct Log: Sendable {
  public enum Level: Int, Sendable, Comparable, CaseIterable {
    case debug, info, warning, error
    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
    public var name: String { ["debug", "info", "warning", "error"][rawValue] }
    public init?(name: String) {
      guard let level = Self.allCases.first(where: { $0.name == name }) else { return nil }
      self = level
    }
  }

  public enum Format: Sendable { case keyValue, json }

  private let component: String
  private let level: Level
  private let format: Format
  private let sink: Descriptor?

  /// Says nothing.
  public static let silent = Log(component: "", level: .error, format: .keyValue, sink: nil)

  /// To standard error.
  public static func standardError(level: Level = .info, format: Format = .keyValue) -> Log {
    Log(component: "strata", level: level, format: format, sink: sharedStandardError)
  }
  private static let sharedStandardError = Descriptor(owning: dup(2))

  /// To the end of a file, made with mode 0600.
  public static func file(_ path: String, level: Level = .info, format: Format = .keyValue) throws(StrataError) -> Log {
    let sink = try Descriptor.open(path, O_WRONLY | O_CREAT | O_APPEND)
    return Log(component: "strata", level: level, format: format, sink: sink)
  }

  /// The same log, its lines marked as from `component`.
  public func component(_ component: String) -> Log {
    Log(component: component, level: level, format: format, sink: sink)
  }

  public func debug(_ message: String, _ fields: KeyValuePairs<String, String> = [:]) { write(.debug, message, fields) }
  public func info(_ message: String, _ fields: KeyValuePairs<String, String> = [:]) { write(.info, message, fields) }
  public func warning(_ message: String, _ fields: KeyValuePairs<String, String> = [:]) {
    write(.warning, message, fields)
  }
  public func error(_ message: String, _ fields: KeyValuePairs<String, String> = [:]) { write(.error, message, fields) }

  /// One write(2) per line, so that lines of several threads and processes do not mix. A log that cannot be written
  /// is no reason to fail.
  private func write(_ level: Level, _ message: String, _ fields: KeyValuePairs<String, String>) {
    guard let sink, level >= self.level else { return }
    let line = LogLine(
      time: .now, level: level, component: component, message: message, fields: fields.map { ($0.key, $0.value) })
    try? sink.writeNow(Array((format == .json ? line.json : line.keyValue).utf8))
  }
}
