/// Reads traces in the standard workload format, version 2.2 (Chapin et al., "Benchmarks and standards for the
/// evaluation of parallel job schedulers", JSSPP 1999; D. Feitelson, Parallel Workloads Archive): a line of 18 numbers
/// per job, and comments that begin with `;`.
public enum StandardWorkloadFormat {
  /// No line of a trace that was meant is a tenth as long.
  public static let lineLengthMax = 4_096
  /// The largest trace of the archive has five million.
  public static let jobsMaxDefault = 10_000_000

  /// - Parameter jobsMax: more jobs are refused, so that a hostile file cannot fill the memory (a job takes 300 bytes).
  /// - Throws: `WorkloadFormatError` for the first line that is wrong. A header field that cannot be read counts as not
  ///   given: its comments were written for people.
  /// - Complexity: O(bytes), and O(n log n) for n jobs that are not in order.
  public static func read(
    _ bytes: [UInt8], jobsMax: Int = jobsMaxDefault
  ) throws(WorkloadFormatError) -> WorkloadTrace {
    var header = WorkloadHeader()
    var jobs: [WorkloadJob] = []
    var lines = Lines(bytes)
    do throws(WorkloadFormatError.Reason) {
      while let line = try lines.next() {
        if line.first == UInt8(ascii: ";") {
          header.note(line.dropFirst())
        } else if let job = try WorkloadJob(line) {
          guard jobs.count < jobsMax else { throw .tooManyJobs(jobsMax) }
          jobs.append(job)
        }
      }
    } catch {
      throw WorkloadFormatError(line: lines.number, reason: error)
    }
    return WorkloadTrace(header: header, jobs: inOrder(jobs))
  }

  /// The sort of the standard library is stable.
  private static func inOrder(_ jobs: [WorkloadJob]) -> [WorkloadJob] {
    let isInOrder = zip(jobs, jobs.dropFirst()).allSatisfy { $0.submitMilliseconds <= $1.submitMilliseconds }
    return isInOrder ? jobs : jobs.sorted { $0.submitMilliseconds < $1.submitMilliseconds }
  }
}

/// The lines of a text, whether they end as on Unix or as on Windows.
private struct Lines {
  private let bytes: [UInt8]
  private var position = 0
  /// Of the line last given, 1 for the first.
  private(set) var number = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func next() throws(WorkloadFormatError.Reason) -> ArraySlice<UInt8>? {
    guard position < bytes.count else { return nil }
    number += 1
    let start = position
    while position < bytes.count, bytes[position] != UInt8(ascii: "\n") {
      position += 1
      guard position - start <= StandardWorkloadFormat.lineLengthMax else { throw .lineTooLong }
    }
    let line = bytes[start..<position]
    position += 1
    return line.last == UInt8(ascii: "\r") ? line.dropLast() : line
  }
}

extension WorkloadJob {
  /// - Returns: nil for a line of blanks.
  init?(_ line: ArraySlice<UInt8>) throws(WorkloadFormatError.Reason) {
    let words = line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    if words.isEmpty { return nil }
    guard words.count == WorkloadField.allCases.count else { throw .fieldCount(words.count) }
    func value(_ field: WorkloadField) throws(WorkloadFormatError.Reason) -> Int64? {
      try field.value(of: words[field.rawValue])
    }
    func known(_ field: WorkloadField) throws(WorkloadFormatError.Reason) -> Int64 {
      guard let value = try value(field) else { throw .missing(field.name) }
      return value
    }
    number = try known(.number)
    submitMilliseconds = try known(.submit)
    waitMilliseconds = try value(.wait)
    runMilliseconds = try value(.run)
    processorsAllocated = try value(.processorsAllocated)
    cpuMilliseconds = try value(.cpu)
    memoryKilobytes = try value(.memory)
    processorsRequested = try value(.processorsRequested)
    requestedMilliseconds = try value(.requestedTime)
    requestedMemoryKilobytes = try value(.requestedMemory)
    let code = try value(.status)
    status = code.flatMap(Status.init)
    if let code, status == nil { throw .outOfRange(WorkloadField.status.name, String(code)) }
    user = try value(.user)
    group = try value(.group)
    executable = try value(.executable)
    queue = try value(.queue)
    partition = try value(.partition)
    precedingJob = try value(.precedingJob)
    thinkMilliseconds = try value(.think)
  }
}

extension WorkloadHeader {
  /// Takes what is needed from a comment such as `MaxProcs: 100`; the first one counts.
  fileprivate mutating func note(_ comment: ArraySlice<UInt8>) {
    let parts = String(decoding: comment, as: UTF8.self).split(separator: ":", maxSplits: 1)
    guard parts.count == 2 else { return }
    let words = parts.map { $0.split { $0 == " " || $0 == "\t" } }
    let value = words[1].joined(separator: " ")
    switch words[0].joined(separator: " ") {
    case "Computer": computer = computer ?? value
    case "MaxProcs": processorsMax = processorsMax ?? Self.count(words[1].first)
    case "MaxNodes": nodesMax = nodesMax ?? Self.count(words[1].first)
    case "UnixStartTime": unixStartSeconds = unixStartSeconds ?? words[1].first.flatMap { Int64($0) }
    case "TimeZoneString": timeZone = timeZone ?? value
    default: break
    }
  }

  private static func count(_ word: Substring?) -> Int? { word.flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } }
}
