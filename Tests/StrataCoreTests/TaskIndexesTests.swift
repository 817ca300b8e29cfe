import StrataCore
import TestSupport
import Testing

/// Lists of indexes, and what is computed from them.
@Suite struct TaskIndexesTests {
  @Test(arguments: [
    ("7", "7", 1), ("0-9", "0-9", 10), ("0-9:3", "0-9:3", 4), ("0-8:3", "0-6:3", 3), ("5,1,3", "1-5:2", 3),
    ("0-5,3-9,9", "0-9", 10), ("0-99999:5,7", "0,5,7,10-99995:5", 20_001), ("1,2", "1-2", 2), ("1,9", "1,9", 2),
    ("999999999", "999999999", 1), ("10-10", "10", 1), ("3,3,3", "3", 1), ("0-999999", "0-999999", 1_000_000),
  ])
  func aListIsReadAsSlurmWritesIt(text: String, canonical: String, count: Int) throws {
    let indexes = try TaskIndexes(text: text)
    #expect(indexes.description == canonical && indexes.count == count)
    #expect(try TaskIndexes(text: canonical) == indexes)
    #expect(indexes[0] == indexes.first && indexes[count - 1] == indexes.last)
  }

  @Test(arguments: [
    ("", "cannot be read"), ("a", "'a'"), ("-1", "'-1'"), ("1-", "'1-'"), ("1,,2", "''"), ("9-1", "goes upwards"),
    ("0-9:0", "1 at least"), ("5:2", "'5:2'"), ("0-9:2:3", "'0-9:2:3'"), (" 1", "' 1'"), ("1000000000", "999999999"),
    ("0-999999999", "1000000000 tasks is too large"), ("0-999999,2000000", "too large"), ("0-9%3", "'0-9%3'"),
    (String(repeating: "1,", count: 40_000), "at most 65536"), ("0-999999:2,0-499999:3", "too scattered"),
  ])
  func whatCannotBeReadIsNamed(text: String, says: String) {
    let error = #expect(throws: StrataError.self) { try TaskIndexes(text: text) }
    #expect(error?.code == .invalidInput && error?.description.contains(says) == true, "\(String(describing: error))")
  }

  @Test func aStoredListIsOneThatWasWritten() throws {
    #expect(try TaskIndexes(stored: "0,5,7,10-99995:5") == TaskIndexes(text: "0-99999:5,7"))
    #expect(try Array(TaskIndexes(stored: "0-9,20;0000000000000405").all) == [0, 2, 20])
    for text in [
      "5,3", "0-9,9", "0-9:2,8", "", "x", "0-9;", "0-9;000000000000000", "0-9;00000000000000xx", "0-9;0000000000000000",
      "0-9;0000000000000400", "0-9;00000000000000010000000000000000",
    ] {
      #expect(throws: StrataError.self) { try TaskIndexes(stored: text) }
    }
  }

  @Test func numbersOfTasksAreBounded() throws {
    #expect(try TaskIndexes(count: 1_000_000).description == "0-999999")
    for count in [0, -1, 1_000_001] { #expect(throws: StrataError.self) { try TaskIndexes(count: count) } }
    #expect(throws: StrataError.self) { try TaskIndexes(ascending: []) }
  }

  /// Against a set of numbers, which is what a list means.
  @Test func randomListsMeanTheSetsThatTheySay() throws {
    let seed = testSeed
    var random = SeededGenerator(seed: seed)
    for _ in 0..<200 {
      var (parts, meant): ([String], Set<Int>) = ([], [])
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let first = Int.random(in: 0...200, using: &random)
        let last = first + Int.random(in: 0...50, using: &random)
        let step = Int.random(in: 1...7, using: &random)
        parts.append(step == 1 ? "\(first)-\(last)" : "\(first)-\(last):\(step)")
        meant.formUnion(stride(from: first, through: last, by: step))
      }
      let indexes = try TaskIndexes(text: parts.joined(separator: ","))
      let sorted = meant.sorted()
      #expect(Array(indexes.all) == sorted, "seed \(seed)")
      #expect((0..<indexes.count).map { indexes[$0] } == sorted, "seed \(seed)")
      for index in 0...260 {
        #expect(indexes.position(of: index) == sorted.firstIndex(of: index), "seed \(seed): \(index)")
      }
    }
  }

  /// The failed tasks of a large array may be scattered in any way.
  @Test func someOfAListAreKeptHoweverScatteredTheyAre() throws {
    let seed = testSeed
    var random = SeededGenerator(seed: seed)
    let base = try TaskIndexes(text: "5-900004:9,1000000-1029999")
    var (bits, meant): (PositionBits, [Int]) = (PositionBits(size: base.count), [])
    for position in 0..<base.count where Int.random(in: 0..<5, using: &random) < 2 {
      bits.insert(position)
      meant.append(base[position])
    }
    let chosen = try base.choosing(bits)
    #expect(!chosen.isCompact && chosen.count == meant.count && chosen.storedText.utf8.count < 40_000, "seed \(seed)")
    #expect(Array(chosen.all) == meant && (chosen.first, chosen.last) == (meant[0], meant[meant.count - 1]))
    #expect(try TaskIndexes(stored: chosen.storedText) == chosen, "seed \(seed)")
    for position in stride(from: 0, to: chosen.count, by: 97) {
      #expect(chosen.position(of: chosen[position]) == position, "seed \(seed): \(position)")
    }
    for index in [0, 6, 900_005, 1_030_000] { #expect(chosen.position(of: index) == nil) }
    for position in 0..<500 where !bits.contains(position) { #expect(chosen.position(of: base[position]) == nil) }
    // Some of some: those that fail again.
    var again = PositionBits(size: chosen.count)
    for position in 0..<chosen.count where position % 7 != 3 { again.insert(position) }
    let rest = try chosen.choosing(again)
    #expect(Array(rest.all) == meant.enumerated().filter { $0.offset % 7 != 3 }.map(\.element), "seed \(seed)")
    // What is compact is kept as a list.
    var few = PositionBits(size: chosen.count)
    few.insert(chosen.count - 1)
    #expect(try chosen.choosing(few) == TaskIndexes(ascending: [chosen.last]))
    #expect(throws: StrataError.self) { try chosen.choosing(PositionBits(size: chosen.count)) }
  }

  @Test func positionsAreASet() throws {
    let seed = testSeed
    var random = SeededGenerator(seed: seed)
    for _ in 0..<200 {
      var (set, meant): (PositionSet, Set<Int>) = (PositionSet(), [])
      for _ in 0..<Int.random(in: 0...5, using: &random) {
        let first = Int.random(in: 0...60, using: &random)
        var range = PositionSet()
        range.append(first..<(first + Int.random(in: 0...9, using: &random)))
        set = set.union(range)
        for one in range.ranges { meant.formUnion(one) }
      }
      #expect(set.count == meant.count && PositionSet(set.description) == set, "seed \(seed)")
      let from = Int.random(in: 0...60, using: &random)
      #expect(set.from(from).count == meant.count { $0 >= from }, "seed \(seed)")
      for position in 0...80 {
        #expect(set.contains(position) == meant.contains(position), "seed \(seed): \(position)")
        #expect(set.gap(from: position) == (position...).first { !meant.contains($0) }, "seed \(seed): \(position)")
      }
    }
    #expect(PositionSet("3-1") == nil && PositionSet("a") == nil && PositionSet("5,3") == nil)
  }

  @Test func aTasksIdentifierIsItsArraysAndItsPosition() throws {
    let (before, array) = (JobID(), ArrayID.new())
    let jobs = [0, 1, 2, 999_999].map(array.task)
    #expect(jobs == jobs.sorted() && Set(jobs).count == 4)
    #expect(jobs.map(array.position) == [0, 1, 2, 999_999])
    #expect(jobs.allSatisfy { ArrayID(ofTask: $0) == array && $0 != array.asJob })
    #expect(array.position(of: array.asJob) == nil && array.position(of: JobID()) == nil)
    // As old as its array, so that first come within equals means what it says.
    #expect(jobs.allSatisfy { $0.createdMilliseconds == array.createdMilliseconds })
    #expect(before.createdMilliseconds <= array.createdMilliseconds)
    #expect(array.bytes[6] >> 4 == 7 && array.bytes[8] >> 6 == 2)
  }

  @Test func theIndexStandsForItsPlaceholder() throws {
    let task = ArrayTask(array: .new(), index: 42, span: TaskSpan(try TaskIndexes(count: 100)))
    #expect(task.filled(#"{"a":["x{task}","{task}{task}"],"b":{"c":1}}"#) == #"{"a":["x42","4242"],"b":{"c":1}}"#)
    #expect(task.filled(#"{"a":"{{task}} {task} {tas} {{t"}"#) == #"{"a":"{task} 42 {tas} {{t"}"#)
    #expect(task.filled(#"{"a":"{{{task}}}"}"#) == #"{"a":"{{task}}"}"#)
    #expect(task.filled("{}") == "{}" && task.filled("{") == "{")
  }
}
