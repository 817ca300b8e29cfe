extension TaskIndexes {
  /// A list as Slurm writes it: indexes and ranges with commas between, such as `0-99`, `1,3,10-20` or `0-999:10`. What is
  /// named twice is one task; the order is that of the indexes.
  ///
  /// - Throws: `invalidInput`, naming the part that cannot be read, or which limit is passed.
  /// - Complexity: O(indexes), and their sorting where they are not in order.
  public init(text: String) throws(StrataError) {
    guard text.utf8.count <= Self.textBytesMax else {
      throw StrataError(
        .invalidInput, "the list of indexes has \(text.utf8.count) bytes, at most \(Self.textBytesMax) are taken",
        remedy: "use ranges, such as 0-9999:3")
    }
    let runs = try Self.runs(text[...])
    var indexes: [Int] = []
    indexes.reserveCapacity(runs.reduce(0) { $0 + $1.count })
    var isAscending = true
    for run in runs {
      if let last = indexes.last, run.first <= last { isAscending = false }
      for place in 0..<run.count { indexes.append(run.first + run.step * place) }
    }
    if !isAscending { indexes = Self.distinct(indexes.sorted()) }
    try self.init(ascending: indexes)
  }

  /// A list of whatever length, as `storedText` writes it.
  ///
  /// - Throws: `invalidInput` for what it does not write.
  /// - Complexity: O(runs), and of scattered ones a bit for each index of those.
  package init(stored text: String) throws(StrataError) {
    let parts = text.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
    let runs = try Self.runs(parts[0])
    for (run, next) in zip(runs, runs.dropFirst()) where next.first <= run.last {
      throw Self.unreadable("\(next.first)", "the list is ascending")
    }
    guard parts.count == 2 else {
      self.init(runs: runs)
      return
    }
    guard let chosen = PositionBits(parts[1], size: runs.reduce(0) { $0 + $1.count }), chosen.count > 0 else {
      throw Self.unreadable(parts[1], "behind a semicolon come sixteen hexadecimal digits for each 64 indexes")
    }
    self.init(runs: runs, chosen: chosen)
  }

  /// Never longer than `runsMax` ranges and a bit for each of `tasksMax` indexes, in hexadecimal digits.
  package var storedText: String {
    guard let chosen else { return description }
    return "\(Self.text(of: runs));\(chosen)"
  }

  /// The parts of a list as they are written. Their indexes are counted before any is spread out.
  private static func runs(_ text: Substring) throws(StrataError) -> [Run] {
    var (runs, count): ([Run], Int) = ([], 0)
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let run = try run(part)
      runs.append(run)
      count += run.count
      guard count <= tasksMax else { throw tooMany(count) }
    }
    return runs
  }

  private static func distinct(_ sorted: [Int]) -> [Int] {
    var distinct: [Int] = []
    distinct.reserveCapacity(sorted.count)
    for index in sorted where distinct.last != index { distinct.append(index) }
    return distinct
  }

  /// `7`, `0-9` or `0-9:3`.
  private static func run(_ part: Substring) throws(StrataError) -> Run {
    let halves = part.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let ends = halves[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let numbers = (ends + halves.dropFirst()).map(number)
    guard let first = numbers[0], !numbers.contains(nil), halves.count == 1 || ends.count == 2 else {
      throw unreadable(part, "a part is an index, a range, or a range with a step: 7, 0-99 or 0-99:5")
    }
    guard ends.count == 2, let last = numbers[1] else { return Run(first: first, step: 1, count: 1) }
    let step = halves.count == 2 ? numbers[2] ?? 0 : 1
    guard last >= first else { throw unreadable(part, "a range goes upwards") }
    guard step > 0 else { throw unreadable(part, "a step is 1 at least") }
    return Run(first: first, step: step, count: (last - first) / step + 1)
  }

  /// - Returns: nil for what is no index.
  private static func number(_ text: Substring) -> Int? {
    guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(text)
  }

  private static func unreadable(_ part: Substring, _ remedy: String) -> StrataError {
    StrataError(
      .invalidInput, "'\(part.prefix(40))' in the list of indexes cannot be read (indexes go from 0 to \(indexMax))",
      remedy: remedy)
  }
}
