public enum ArrayTag: Sendable {}
/// One submission of many tasks. Its last `taskBits` bits are zero: with a task's position, plus one, in them it is the
/// identifier of that task's job, which so is known before there is such a job, and the same whoever makes it.
public typealias ArrayID = Identifier<ArrayTag>

extension Identifier where Tag == ArrayTag {
  /// Room for `TaskIndexes.tasksMax` positions.
  public static var taskBits: UInt64 { 20 }
  private static var taskMask: UInt64 { (1 << taskBits) - 1 }

  /// A new one, of now.
  public static func new() -> ArrayID {
    let fresh = ArrayID()
    return ArrayID(high: fresh.high, low: fresh.low & ~taskMask)
  }

  /// The job of the task at a position.
  public func task(at position: Int) -> JobID { JobID(high: high, low: low | UInt64(position + 1)) }

  /// Where the task of a job is; nil for a job that is none of its tasks.
  public func position(of job: JobID) -> Int? {
    let place = job.low & Self.taskMask
    guard job.high == high, job.low & ~Self.taskMask == low, place > 0 else { return nil }
    return Int(place) - 1
  }

  /// The array that a job is of, if it is of one.
  public init(ofTask job: JobID) { self.init(high: job.high, low: job.low & ~Self.taskMask) }

  /// The batch that its tasks are counted in.
  public var batch: BatchID { BatchID(high: high, low: low) }

  /// Under which its end is told: no job has it.
  public var asJob: JobID { JobID(high: high, low: low) }

  public init(_ job: JobID) { self.init(high: job.high, low: job.low) }
}

/// What all tasks of an array know of it. Tasks that are done again know the array that they were first of.
public struct TaskSpan: Hashable, Codable, Sendable {
  /// How many tasks there are.
  public let count: Int
  /// The smallest index.
  public let first: Int
  /// The largest.
  public let last: Int

  public init(_ indexes: TaskIndexes) { (count, first, last) = (indexes.count, indexes.first, indexes.last) }
}

/// Which task of which array a job is.
public struct ArrayTask: Hashable, Codable, Sendable {
  /// What stands for the index in the strings of a task's parameters.
  public static let placeholder = "{task}"
  /// What stands for the placeholder itself.
  public static let escapedPlaceholder = "{{task}}"

  public let array: ArrayID
  public let index: Int
  public let span: TaskSpan

  public init(array: ArrayID, index: Int, span: TaskSpan) {
    self.array = array
    self.index = index
    self.span = span
  }

  /// A JSON text, as a program writes it, with the index in the place of each placeholder in its strings.
  ///
  /// - Complexity: O(bytes).
  public func filled(_ json: String) -> String { Self.filled(json, index: index) }

  /// Any text, with an index in the place of each placeholder.
  ///
  /// - Complexity: O(bytes).
  public static func filled(_ text: String, index: Int) -> String {
    let (text, digits) = (Array(text.utf8), Array("\(index)".utf8))
    var (filled, place): ([UInt8], Int) = ([], 0)
    filled.reserveCapacity(text.count)
    func isThere(_ word: [UInt8]) -> Bool { text[place...].starts(with: word) }
    while place < text.count {
      if text[place] != open {
        filled.append(text[place])
        place += 1
      } else if isThere(escaped) {
        filled += plain
        place += escaped.count
      } else if isThere(plain) {
        filled += digits
        place += plain.count
      } else {
        filled.append(open)
        place += 1
      }
    }
    return String(decoding: filled, as: UTF8.self)
  }

  private static let open = UInt8(ascii: "{")
  private static let plain = Array(placeholder.utf8)
  private static let escaped = Array(escapedPlaceholder.utf8)
}
