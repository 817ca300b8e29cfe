/// The GPS time item of LASzip 1: one sequence of times, predicted by multiples of its last step.
struct TimeItemV1: RecordItem {
  static let size = 8
  private let multiples, starts: AdaptiveSymbols
  private var steps: IntegerCoder
  private var time: Int64 = 0
  private var step: Int32 = 0
  private var surprises = 0

  private static let multipleMax = 509

  init(_ arena: ModelArena) {
    multiples = arena.symbolModel(Self.multipleMax + 3)
    starts = arena.symbolModel(3)
    steps = IntegerCoder(arena, bits: 32, contexts: 6)
  }

  mutating func begin(_ first: UnsafeRawPointer) {
    time = unsafe first.loadUnaligned(as: Int64.self)
    (step, surprises) = (0, 0)
  }

  mutating func code(_ bytes: UnsafeMutableRawPointer, with coder: inout some ArithmeticCoder) {
    let given = unsafe coder.isEncoder ? bytes.loadUnaligned(as: Int64.self) : 0
    if step == 0 { codeStart(given, &coder) } else { codeStep(given, &coder) }
    unsafe bytes.storeBytes(of: time, as: Int64.self)
  }

  private mutating func codeStart(_ given: Int64, _ coder: inout some ArithmeticCoder) {
    let change = given &- time
    let code = coder.symbol(change == 0 ? 0 : change.fitsWord ? 1 : 2, starts)
    if code == 1 {
      step = steps.code(Int32(truncatingIfNeeded: change), near: 0, context: 0, with: &coder)
      time &+= Int64(step)
    } else if code == 2 {
      codeWhole(given, &coder)
    }
  }

  private mutating func codeStep(_ given: Int64, _ coder: inout some ArithmeticCoder) {
    let change = given &- time
    let code = coder.symbol(coder.isEncoder ? stepCode(change) : 0, multiples)
    if code <= Self.multipleMax {
      time &+= Int64(codeMultiple(Int32(truncatingIfNeeded: change), code, &coder))
    } else if code == Self.multipleMax + 1 {
      codeWhole(given, &coder)
    }
  }

  @inline(__always) private func stepCode(_ change: Int64) -> Int {
    if change == 0 { return Self.multipleMax + 2 }
    guard change.fitsWord else { return Self.multipleMax + 1 }
    return min(Self.multipleMax, max(0, (Float(change) / Float(step)).roundedToInt))
  }

  private mutating func codeMultiple(
    _ change: Int32, _ multiple: Int, _ coder: inout some ArithmeticCoder
  ) -> Int32 {
    let prediction = multiple == 0 ? step / 4 : Int32(multiple) &* step
    let context = multiple == 1 ? 1 : multiple == 0 ? 2 : multiple < 10 ? 3 : multiple < 50 ? 4 : 5
    let newest = steps.code(change, near: prediction, context: context, with: &coder)
    if multiple == 0 || multiple == Self.multipleMax { surprises += 1 }
    if multiple == 1 || surprises > 3 { (step, surprises) = (newest, 0) }
    return newest
  }

  private mutating func codeWhole(_ given: Int64, _ coder: inout some ArithmeticCoder) {
    time = Int64(bitPattern: coder.doubleWord(UInt64(bitPattern: given)))
  }
}
