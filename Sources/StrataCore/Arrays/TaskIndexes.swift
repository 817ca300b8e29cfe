/// The indexes of an array's tasks: ascending, each once, kept as evenly spaced runs, or where they are too scattered for
/// that as some of the indexes of such runs. A task's place among them, from 0, is its position.
public struct TaskIndexes: Hashable, Sendable {
  /// The most tasks of one array, so that positions fit the bits that an array's identifier leaves for them.
  public static let tasksMax = 1_000_000
  /// The largest index.
  public static let indexMax = 999_999_999
  /// Bytes of a list as a client writes it.
  public static let textBytesMax = 65_536
  /// The most runs that a list may come to: more would not be compact any more, and a bit for each index of another list
  /// is less.
  public static let runsMax = 20_000

  /// `first`, `first + step`, … `count` of them.
  public struct Run: Hashable, Sendable {
    public let first: Int
    public let step: Int
    public let count: Int

    public var last: Int { first + step * (count - 1) }
  }

  let runs: [Run]
  /// How many indexes of the runs come before each run's first.
  private let starts: [Int]
  /// Which of the indexes of the runs they are; nil for all.
  let chosen: PositionBits?
  private let ranks: [Int]
  public let count: Int

  /// - Parameters:
  ///   - runs: ascending, none within another.
  ///   - chosen: some of their indexes, at least one; nil for all.
  init(runs: [Run], chosen: PositionBits? = nil) {
    self.runs = runs
    self.chosen = chosen
    var (starts, count): ([Int], Int) = ([], 0)
    for run in runs {
      starts.append(count)
      count += run.count
    }
    self.starts = starts
    ranks = chosen?.ranks ?? []
    self.count = chosen?.count ?? count
  }

  /// `0` to `count - 1`.
  ///
  /// - Throws: `invalidInput` unless there is one task at least and no more than `tasksMax`.
  public init(count: Int) throws(StrataError) {
    guard count > 0 else {
      throw StrataError(.invalidInput, "an array of \(count) tasks cannot be had", remedy: "ask for one task at least")
    }
    guard count <= Self.tasksMax else { throw Self.tooMany(count) }
    self.init(runs: [Run(first: 0, step: 1, count: count)])
  }

  /// - Parameter indexes: ascending, each once, at least one.
  /// - Throws: `invalidInput` where they are too many or too scattered.
  /// - Complexity: O(indexes).
  public init(ascending indexes: [Int]) throws(StrataError) {
    guard indexes.count <= Self.tasksMax else { throw Self.tooMany(indexes.count) }
    guard let runs = Self.runs(of: indexes) else {
      throw StrataError(
        .invalidInput, "the indexes are too scattered: they come to more than \(Self.runsMax) ranges",
        remedy: "use ranges, such as 0-9999:3, or more than one array")
    }
    guard !runs.isEmpty else { throw Self.empty }
    self.init(runs: runs)
  }

  /// Some of the indexes, however scattered they are.
  ///
  /// - Parameter positions: theirs, of `count`.
  /// - Throws: `invalidInput` where there is none.
  /// - Complexity: O(count).
  public func choosing(_ positions: PositionBits) throws(StrataError) -> TaskIndexes {
    guard positions.count > 0 else { throw Self.empty }
    if let runs = Self.runs(of: positions.all.map { self[$0] }) { return TaskIndexes(runs: runs) }
    guard chosen != nil else { return TaskIndexes(runs: runs, chosen: positions) }
    var ofRuns = PositionBits(size: (starts.last ?? 0) + (runs.last?.count ?? 0))
    for position in positions.all { ofRuns.insert(place(of: position)) }
    return TaskIndexes(runs: runs, chosen: ofRuns)
  }

  private static let empty = StrataError(
    .invalidInput, "the list of indexes is empty", remedy: "name one task at least")

  /// - Returns: nil where there would be more than `runsMax`.
  private static func runs(of indexes: [Int]) -> [Run]? {
    var (runs, place): ([Run], Int) = ([], 0)
    while place < indexes.count {
      guard runs.count < runsMax else { return nil }
      let run = run(of: indexes, from: place)
      runs.append(run)
      place += run.count
    }
    return runs
  }

  /// The longest even run from there on. Two that are no neighbours are no run: the second may begin one.
  private static func run(of indexes: [Int], from place: Int) -> Run {
    let first = indexes[place]
    guard place + 1 < indexes.count else { return Run(first: first, step: 1, count: 1) }
    let step = indexes[place + 1] - first
    var end = place + 2
    while end < indexes.count, indexes[end] - indexes[end - 1] == step { end += 1 }
    let count = end - place
    return count == 2 && step > 1 ? Run(first: first, step: 1, count: 1) : Run(first: first, step: step, count: count)
  }

  static func tooMany(_ count: Int) -> StrataError {
    StrataError(
      .invalidInput, "an array of \(count) tasks is too large: at most \(tasksMax) are taken",
      remedy: "submit more than one array")
  }

  public var first: Int { self[0] }
  public var last: Int { self[count - 1] }
  /// Whether `description` is short: they are no more than `runsMax` ranges.
  public var isCompact: Bool { chosen == nil }

  /// The index of the task at a position.
  ///
  /// - Complexity: O(log runs), O(log count) of scattered ones.
  public subscript(position: Int) -> Int {
    let wanted = place(of: position)
    let run = Self.lastPlace(in: starts) { $0 <= wanted }
    return runs[run].first + runs[run].step * (wanted - starts[run])
  }

  /// Where among the indexes of the runs the one of a position is.
  private func place(of position: Int) -> Int {
    guard let chosen else { return position }
    return chosen.position(ofRank: position, inWord: Self.lastPlace(in: ranks) { $0 <= position }, ranks)
  }

  /// Where an index is; nil where the array has no such task.
  ///
  /// - Complexity: O(log runs).
  public func position(of index: Int) -> Int? {
    guard let end = runs.last?.last, index >= runs[0].first, index <= end else { return nil }
    let place = Self.lastPlace(in: runs) { $0.first <= index }
    let (run, distance) = (runs[place], index - runs[place].first)
    guard index <= run.last, distance % run.step == 0 else { return nil }
    let position = starts[place] + distance / run.step
    guard let chosen else { return position }
    return chosen.contains(position) ? chosen.rank(of: position, ranks) : nil
  }

  /// The last place for which `holds` is true, of which all places before it are true too; 0 where none is.
  private static func lastPlace<Element>(in elements: [Element], where holds: (Element) -> Bool) -> Int {
    var (low, high) = (0, elements.count - 1)
    while low < high {
      let middle = (low + high + 1) / 2
      if holds(elements[middle]) { low = middle } else { high = middle - 1 }
    }
    return low
  }

  /// All of them.
  public var all: some Sequence<Int> { (0..<count).lazy.map { self[$0] } }
}

extension TaskIndexes: CustomStringConvertible {
  /// As `init(text:)` reads it; equal ones have equal texts, as long as they are compact.
  ///
  /// - Complexity: O(runs), O(count) of scattered ones.
  public var description: String {
    guard chosen == nil else { return all.map(String.init).joined(separator: ",") }
    return Self.text(of: runs)
  }

  static func text(of runs: [Run]) -> String {
    runs.map { run in
      switch (run.count, run.step) {
      case (1, _): "\(run.first)"
      case (_, 1): "\(run.first)-\(run.last)"
      default: "\(run.first)-\(run.last):\(run.step)"
      }
    }.joined(separator: ",")
  }
}
