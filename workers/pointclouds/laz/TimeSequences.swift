/// The models of GPS times: four interleaved sequences, each predicted by multiples of its last step.
///
/// Version 2 codes every time, one that has not changed among them; the layered versions code only those that have.
@safe struct TimeSequences {
  private let multiples, starts: AdaptiveSymbols
  private var steps: IntegerCoder
  private let sequences: UnsafeMutablePointer<Sequence>
  private var current = 0
  private var newest = 0
  /// 1 where a symbol says that the time has not changed, else 0: it comes before those that begin or change a sequence.
  private let unchangedCount: Int

  private struct Sequence: BitwiseCopyable {
    var time: Int64 = 0
    var step: Int32 = 0
    /// How often in a row the step was far from a small multiple of the last.
    var surprises = 0
  }

  private static let multipleMax = 500
  private static let multipleMin = -10
  /// The first symbol that is no multiple.
  private static let multipleEnd = multipleMax - multipleMin + 1
  /// Sound data change the sequence once per point; more than all of them is damage.
  private static let changesMax = 4

  init(_ arena: ModelArena, codesUnchanged: Bool) {
    unchangedCount = codesUnchanged ? 1 : 0
    multiples = arena.symbolModel(Self.multipleEnd + unchangedCount + 4)
    starts = arena.symbolModel(unchangedCount + 5)
    steps = IntegerCoder(arena, bits: 32, contexts: 9)
    unsafe sequences = unsafe arena.values(4, Sequence())
  }

  mutating func begin(_ time: Int64) {
    unsafe sequences.update(repeating: Sequence(), count: 4)
    unsafe sequences[0].time = time
    (current, newest) = (0, 0)
  }

  @inline(__always) mutating func code(_ given: Int64, with coder: inout some ArithmeticCoder) -> Int64 {
    for _ in 0...Self.changesMax {
      let change = unsafe sequences[current].step == 0 ? codeStart(given, &coder) : codeStep(given, &coder)
      if change == 0 { break }
      current = (current &+ change) & 3
    }
    return unsafe sequences[current].time
  }

  /// The sequence has no step yet. Returns how many sequences to go on by, 0 when the time is known.
  @inline(__always) private mutating func codeStart(_ given: Int64, _ coder: inout some ArithmeticCoder) -> Int {
    let code = coder.symbol(coder.isEncoder ? startCode(given) : 0, starts)
    let small = unchangedCount
    if code == small {
      let change = unsafe Int32(truncatingIfNeeded: given &- sequences[current].time)
      let step = steps.code(change, near: 0, context: 0, with: &coder)
      unsafe sequences[current].step = step
      unsafe sequences[current].surprises = 0
      unsafe sequences[current].time &+= Int64(step)
    } else if code == small &+ 1 {
      beginSequence(given, &coder)
    }
    return max(0, code &- small &- 1)
  }

  @inline(__always) private func startCode(_ given: Int64) -> Int {
    let change = unsafe given &- sequences[current].time
    if change == 0, unchangedCount > 0 { return 0 }
    return unchangedCount + (change.fitsWord ? 0 : 1 + otherSequence(given))
  }

  @inline(__always) private mutating func codeStep(_ given: Int64, _ coder: inout some ArithmeticCoder) -> Int {
    let code = coder.symbol(coder.isEncoder ? stepCode(given) : 0, multiples)
    let newSequence = Self.multipleEnd &+ unchangedCount
    if code < Self.multipleEnd {
      let change = unsafe Int32(truncatingIfNeeded: given &- sequences[current].time)
      unsafe sequences[current].time &+= Int64(codeMultiple(change, code, &coder))
    } else if code == newSequence {
      beginSequence(given, &coder)
    }
    return max(0, code &- newSequence)
  }

  @inline(__always) private func stepCode(_ given: Int64) -> Int {
    let change = unsafe given &- sequences[current].time
    if change == 0, unchangedCount > 0 { return Self.multipleEnd }
    guard change.fitsWord else { return Self.multipleEnd + unchangedCount + otherSequence(given) }
    let multiple = unsafe (Float(change) / Float(sequences[current].step)).roundedToInt
    let bounded = min(Self.multipleMax, max(Self.multipleMin, multiple))
    return bounded >= 0 ? bounded : Self.multipleMax - bounded
  }

  /// How many sequences to go on by to one that has `time` within reach; 0 when none has.
  @inline(__always) private func otherSequence(_ time: Int64) -> Int {
    (1...3).first { unsafe (time &- sequences[(current + $0) & 3].time).fitsWord } ?? 0
  }

  @inline(__always) private mutating func codeMultiple(
    _ change: Int32, _ code: Int, _ coder: inout some ArithmeticCoder
  ) -> Int32 {
    let last = unsafe sequences[current].step
    if code == 1 {
      unsafe sequences[current].surprises = 0
      return steps.code(change, near: last, context: 1, with: &coder)
    }
    let multiple = code <= Self.multipleMax ? code : Self.multipleMax &- code
    let prediction = Int32(truncatingIfNeeded: multiple) &* last
    let step = steps.code(change, near: prediction, context: Self.context(multiple), with: &coder)
    if multiple == 0 || multiple == Self.multipleMax || multiple == Self.multipleMin { noteSurprise(step) }
    return step
  }

  @inline(__always) private static func context(_ multiple: Int) -> Int {
    if multiple > 0 { return multiple < 10 ? 2 : multiple < multipleMax ? 3 : 4 }
    return multiple == 0 ? 7 : multiple > multipleMin ? 5 : 6
  }

  /// After four surprises in a row the newest step is the one to expect.
  private func noteSurprise(_ step: Int32) {
    unsafe sequences[current].surprises += 1
    guard unsafe sequences[current].surprises > 3 else { return }
    unsafe sequences[current].step = step
    unsafe sequences[current].surprises = 0
  }

  @inline(__always) private mutating func beginSequence(_ given: Int64, _ coder: inout some ArithmeticCoder) {
    let previous = unsafe Int32(truncatingIfNeeded: sequences[current].time >> 32)
    newest = (newest + 1) & 3
    let high = steps.code(Int32(truncatingIfNeeded: given >> 32), near: previous, context: 8, with: &coder)
    let low = coder.word(UInt32(truncatingIfNeeded: given))
    unsafe sequences[newest] = Sequence(time: Int64(high) << 32 | Int64(low))
    current = newest
  }
}

extension Int64 {
  /// Whether the number fits 32 bits.
  var fitsWord: Bool { @inline(__always) get { self == Int64(Int32(truncatingIfNeeded: self)) } }
}

extension Float {
  /// The nearest integer, halves away from zero, without a call or a branch. The number must be far within the range of `Int`.
  var roundedToInt: Int {
    @inline(__always) get {
      // A double holds the sum exactly.
      Int(Double(self) + Double(signOf: Double(self), magnitudeOf: 0.5))
    }
  }
}
