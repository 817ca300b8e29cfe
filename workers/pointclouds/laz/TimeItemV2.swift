/// The GPS time item of LASzip 2: four interleaved sequences of times, each predicted by multiples of its last step.
@safe struct TimeItemV2: ItemDecoder {
  static let size = 8
  private let multiples, starts: AdaptiveSymbols
  private var steps: IntegerDecoder
  private let sequences: UnsafeMutablePointer<Sequence>
  private var current = 0
  private var newest = 0

  private struct Sequence: BitwiseCopyable {
    var time: Int64 = 0
    var step: Int32 = 0
    /// How often in a row the step was far from a small multiple of the last.
    var surprises = 0
  }

  private static let multipleMax = 500
  private static let multipleMin = -10
  private static let unchanged = multipleMax - multipleMin + 1
  private static let newSequence = unchanged + 1
  /// Sound data change the sequence once per point; more than all of them is damage.
  private static let changesMax = 4

  init(_ arena: ModelArena) {
    multiples = arena.symbolModel(Self.newSequence + 4)
    starts = arena.symbolModel(6)
    steps = IntegerDecoder(arena, bits: 32, contexts: 9)
    unsafe sequences = unsafe arena.values(4, Sequence())
  }

  mutating func begin(_ first: UnsafeRawPointer) {
    unsafe sequences.update(repeating: Sequence(), count: 4)
    unsafe sequences[0].time = first.loadUnaligned(as: Int64.self)
    (current, newest) = (0, 0)
  }

  @inline(__always) mutating func decode(into bytes: UnsafeMutableRawPointer, from decoder: inout ArithmeticDecoder) {
    for _ in 0...Self.changesMax {
      let change = unsafe sequences[current].step == 0 ? decodeStart(&decoder) : decodeStep(&decoder)
      if change == 0 { break }
      current = (current &+ change) & 3
    }
    unsafe bytes.storeBytes(of: sequences[current].time, as: Int64.self)
  }

  /// The sequence has no step yet. Returns how many sequences to go on by, 0 when the time is known.
  @inline(__always) private mutating func decodeStart(_ decoder: inout ArithmeticDecoder) -> Int {
    let code = decoder.symbol(starts)
    if code == 1 {
      let step = steps.decode(0, context: 0, from: &decoder)
      unsafe sequences[current].step = step
      unsafe sequences[current].surprises = 0
      unsafe sequences[current].time &+= Int64(step)
    } else if code == 2 {
      beginSequence(&decoder)
    }
    return max(0, code &- 2)
  }

  @inline(__always) private mutating func decodeStep(_ decoder: inout ArithmeticDecoder) -> Int {
    let code = decoder.symbol(multiples)
    if code < Self.unchanged {
      unsafe sequences[current].time &+= Int64(decodeMultiple(code, &decoder))
    } else if code == Self.newSequence {
      beginSequence(&decoder)
    }
    return max(0, code &- Self.newSequence)
  }

  @inline(__always) private mutating func decodeMultiple(_ code: Int, _ decoder: inout ArithmeticDecoder) -> Int32 {
    let last = unsafe sequences[current].step
    if code == 1 {
      unsafe sequences[current].surprises = 0
      return steps.decode(last, context: 1, from: &decoder)
    }
    let multiple = code <= Self.multipleMax ? code : Self.multipleMax &- code
    let context = Self.context(multiple)
    let step = steps.decode(Int32(truncatingIfNeeded: multiple) &* last, context: context, from: &decoder)
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

  private mutating func beginSequence(_ decoder: inout ArithmeticDecoder) {
    let previous = unsafe sequences[current].time
    newest = (newest + 1) & 3
    let high = steps.decode(Int32(truncatingIfNeeded: previous >> 32), context: 8, from: &decoder)
    unsafe sequences[newest] = Sequence(time: Int64(high) << 32 | Int64(decoder.word()))
    current = newest
  }
}
