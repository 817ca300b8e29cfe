/// The GPS time item of LASzip 1: one sequence of times, predicted by multiples of its last step.
struct TimeItemV1: ItemDecoder {
  static let size = 8
  private let multiples, starts: AdaptiveSymbols
  private var steps: IntegerDecoder
  private var time: Int64 = 0
  private var step: Int32 = 0
  private var surprises = 0

  private static let multipleMax = 509

  init(_ arena: ModelArena) {
    multiples = arena.symbolModel(Self.multipleMax + 3)
    starts = arena.symbolModel(3)
    steps = IntegerDecoder(arena, bits: 32, contexts: 6)
  }

  mutating func begin(_ first: UnsafeRawPointer) {
    time = unsafe first.loadUnaligned(as: Int64.self)
    (step, surprises) = (0, 0)
  }

  mutating func decode(into bytes: UnsafeMutableRawPointer, from decoder: inout ArithmeticDecoder) {
    if step == 0 { decodeStart(&decoder) } else { decodeStep(&decoder) }
    unsafe bytes.storeBytes(of: time, as: Int64.self)
  }

  private mutating func decodeStart(_ decoder: inout ArithmeticDecoder) {
    let code = decoder.symbol(starts)
    if code == 1 {
      step = steps.decode(0, context: 0, from: &decoder)
      time &+= Int64(step)
    } else if code == 2 {
      decodeWhole(&decoder)
    }
  }

  private mutating func decodeStep(_ decoder: inout ArithmeticDecoder) {
    let code = decoder.symbol(multiples)
    if code <= Self.multipleMax {
      time &+= Int64(decodeMultiple(code, &decoder))
    } else if code == Self.multipleMax + 1 {
      decodeWhole(&decoder)
    }
  }

  private mutating func decodeMultiple(_ multiple: Int, _ decoder: inout ArithmeticDecoder) -> Int32 {
    let prediction = multiple == 0 ? step / 4 : Int32(multiple) &* step
    let context = multiple == 1 ? 1 : multiple == 0 ? 2 : multiple < 10 ? 3 : multiple < 50 ? 4 : 5
    let newest = steps.decode(prediction, context: context, from: &decoder)
    if multiple == 0 || multiple == Self.multipleMax { surprises += 1 }
    if multiple == 1 || surprises > 3 { (step, surprises) = (newest, 0) }
    return newest
  }

  private mutating func decodeWhole(_ decoder: inout ArithmeticDecoder) {
    let low = UInt64(decoder.word())
    time = Int64(bitPattern: UInt64(decoder.word()) << 32 | low)
  }
}
