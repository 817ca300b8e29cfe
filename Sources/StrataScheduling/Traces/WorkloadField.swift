/// The fields of a job, in their order in a line.
enum WorkloadField: Int, CaseIterable {
  case number, submit, wait, run, processorsAllocated, cpu, memory, processorsRequested, requestedTime, requestedMemory
  case status, user, group, executable, queue, partition, precedingJob, think

  /// As the definition of the format calls it.
  var name: String {
    switch self {
    case .number: "job number"
    case .submit: "submit time"
    case .wait: "wait time"
    case .run: "run time"
    case .processorsAllocated: "number of allocated processors"
    case .cpu: "average CPU time used"
    case .memory: "used memory"
    case .processorsRequested: "requested number of processors"
    case .requestedTime: "requested time"
    case .requestedMemory: "requested memory"
    case .status: "status"
    case .user: "user ID"
    case .group: "group ID"
    case .executable: "executable number"
    case .queue: "queue number"
    case .partition: "partition number"
    case .precedingJob: "preceding job number"
    case .think: "think time from preceding job"
    }
  }

  /// Seconds, which may have a fraction.
  private var isTime: Bool {
    switch self {
    case .submit, .wait, .run, .cpu, .requestedTime, .think: true
    default: false
    }
  }

  /// A hundred years of seconds; more processors, kilobytes or users than there are.
  private static let greatest: Int64 = 1 << 40

  /// The value of a word: milliseconds for a time, else the number itself; nil for -1.
  ///
  /// Averages (memory) are written with fractions in some traces; what is no time loses them.
  func value(of word: ArraySlice<UInt8>) throws(WorkloadFormatError.Reason) -> Int64? {
    let isNegative = word.first == UInt8(ascii: "-")
    let parts = word.dropFirst(isNegative ? 1 : 0).split(
      separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
    let hasFraction = parts.count == 2
    guard let whole = parts.first, !whole.isEmpty, whole.allSatisfy(Self.isDigit),
      !hasFraction || (isTime || self == .memory) && !parts[1].isEmpty && parts[1].allSatisfy(Self.isDigit)
    else { throw .malformed(name, Self.text(word)) }
    guard let number = Self.number(whole) else { throw .outOfRange(name, Self.text(word)) }
    let thousandths = hasFraction ? Self.thousandths(parts[1]) : 0
    if isNegative {
      guard number == 1, thousandths == 0 else { throw .outOfRange(name, Self.text(word)) }
      return nil
    }
    return isTime ? number * 1_000 + thousandths : number
  }

  /// nil past `greatest`.
  private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
    var number: Int64 = 0
    for digit in digits {
      number = number * 10 + Int64(digit - UInt8(ascii: "0"))
      if number > greatest { return nil }
    }
    return number
  }

  private static func thousandths(_ digits: ArraySlice<UInt8>) -> Int64 {
    let padded = Array(digits.prefix(3)) + [UInt8](repeating: UInt8(ascii: "0"), count: max(0, 3 - digits.count))
    return number(padded[...]) ?? 0
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  /// At most 32 characters that can be printed, for messages.
  private static func text(_ word: ArraySlice<UInt8>) -> String {
    String(decoding: word.prefix(32).map { (0x20..<0x7F).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
  }
}
