import Foundation
import Glibc
public import StrataCore
import StrataRuntime

extension Work {
  /// How `strata-faults` is told to be a job.
  public static let subcommand = "work"

  /// A job: writes down that it begins, takes its time, writes down that it is done, and fails as often as it is to.
  ///
  /// - Parameter words: the file, milliseconds, how many attempts fail.
  /// - Returns: the exit status.
  public static func perform(_ words: [String]) -> Int32 {
    guard words.count == 3, let milliseconds = UInt32(words[1]), let failures = Int(words[2]),
      let job = Environment.current["STRATA_JOB_ID"]
    else { return 64 }
    guard note("begin", job, in: words[0]) else { return 74 }
    usleep(milliseconds * 1_000)
    let earlier = Run.read(words[0]).count { $0.job.description == job && $0.isEnd }
    guard note("end", job, in: words[0]) else { return 74 }
    return earlier < failures ? 3 : 0
  }

  /// One write, so that what jobs write at once stands one after the other.
  private static func note(_ what: String, _ job: String, in file: String) -> Bool {
    let line = "\(what) \(job) \(getpid()) \(Timestamp.now.nanoseconds)\n"
    guard let descriptor = try? Descriptor.open(file, O_WRONLY | O_APPEND | O_CREAT) else { return false }
    return (try? descriptor.writeNow(Array(line.utf8))) != nil
  }
}

/// What a job wrote down of one of its runs.
public struct Run: Hashable, Sendable {
  public var job: JobID
  public var process: Int32
  public var at: Timestamp
  /// That it got through; else that it began.
  public var isEnd: Bool

  public init(job: JobID, process: Int32, at: Timestamp, isEnd: Bool) {
    self.job = job
    self.process = process
    self.at = at
    self.isEnd = isEnd
  }

  /// All that is written in a file; a line that is none is passed over.
  static func read(_ file: String) -> [Run] {
    ((try? String(contentsOfFile: file, encoding: .utf8)) ?? "").split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard words.count == 4, let job = JobID(String(words[1])), let process = Int32(words[2]),
        let time = Int64(words[3])
      else { return nil }
      return Run(job: job, process: process, at: Timestamp(nanoseconds: time), isEnd: words[0] == "end")
    }
  }
}
