/// The first layer of a chunk: scanner channel, returns, x and y, and which other fields have changed.
///
/// LAZ Specification 1.4 R1, item POINT14 versions 3 and 4. All models are kept per scanner channel.
@safe struct CoordinateLayer {
  private let channels: UnsafeMutablePointer<Channel>
  private let arenas: [ModelArena]
  private let home = ModelArena()

  @safe private struct Channel: BitwiseCopyable {
    let changes: ModelFamily
    let channelSteps, returnSteps: AdaptiveSymbols
    let returnCounts, returnNumbers: ModelFamily
    var dx, dy: IntegerCoder
    let xSteps, ySteps: UnsafeMutablePointer<StreamingMedian>

    init(_ arena: ModelArena) {
      changes = arena.family(8, of: 128)
      channelSteps = arena.symbolModel(3)
      returnSteps = arena.symbolModel(13)
      returnCounts = arena.family(16, of: 16)
      returnNumbers = arena.family(16, of: 16)
      dx = IntegerCoder(arena, bits: 32, contexts: 2)
      dy = IntegerCoder(arena, bits: 32, contexts: 22)
      unsafe xSteps = unsafe arena.values(2 * ReturnContext.count, StreamingMedian())
      unsafe ySteps = unsafe arena.values(2 * ReturnContext.count, StreamingMedian())
    }

    func begin() {
      unsafe xSteps.update(repeating: StreamingMedian(), count: 2 * ReturnContext.count)
      unsafe ySteps.update(repeating: StreamingMedian(), count: 2 * ReturnContext.count)
    }
  }

  init() {
    arenas = (0..<ScannerChannel.count).map { _ in ModelArena() }
    let made = arenas.map { Channel($0) }
    unsafe channels = unsafe home.values(made.count, made[0])
    for (index, channel) in made.enumerated() { unsafe channels[index] = channel }
  }

  private func enter(_ channel: Int) {
    arenas[channel].reset()
    unsafe channels[channel].begin()
  }

  /// Codes all points but the first, and makes a note of each.
  /// - Returns: the coder as it is at the end, and at which point it was exhausted if it was.
  func code<Coder: ArithmeticCoder>(
    _ points: LayeredPoints, with coder: Coder
  ) -> (coder: Coder, exhausted: Int?) {
    var coder = coder
    let first = unsafe points.record(0)
    var state = unsafe State(first)
    enter(state.channel)
    for index in 1..<max(1, points.count) {
      let note = unsafe code(points.record(index), &state, &coder)
      unsafe points.notes[index] = note
      if coder.isExhausted { return (coder, index) }
    }
    return (coder, nil)
  }

  /// What goes from point to point.
  @safe private struct State {
    var channel: Int
    var lasts = unsafe InlineArray<4, UnsafeRawPointer?>(repeating: nil)
    var previous: UnsafeRawPointer
    var note: PointNote

    init(_ first: UnsafeRawPointer) {
      channel = unsafe ScannerChannel.of(first)
      unsafe previous = unsafe first
      note = PointNote(returns: unsafe first.load(fromByteOffset: 14, as: UInt8.self))
      unsafe lasts[channel] = unsafe first
    }

    /// The point that a point in `channel` is predicted from.
    @inline(__always) func last(in channel: Int) -> UnsafeRawPointer { unsafe lasts[channel] ?? previous }
  }

  @inline(__always) private func code(
    _ record: UnsafeMutableRawPointer, _ state: inout State, _ coder: inout some ArithmeticCoder
  ) -> PointNote {
    let old = unsafe channels + state.channel
    let context =
      (state.note.returnNumber == 1 ? 1 : 0)
      | (state.note.returnNumber >= state.note.returnCount ? 2 : 0) | (state.note.hasNewTime ? 4 : 0)
    let given = unsafe coder.isEncoder ? changes(record, state) : 0
    let changes = unsafe coder.symbol(given, old.pointee.changes[context])
    if changes & 64 != 0 {
      let wanted = unsafe ScannerChannel.of(record)
      let step = unsafe coder.symbol((wanted &- state.channel &- 1) & 3, old.pointee.channelSteps)
      state.channel = (state.channel &+ step &+ 1) & 3
      if unsafe state.lasts[state.channel] == nil { enter(state.channel) }
    }
    let last = unsafe state.last(in: state.channel)
    var note = PointNote(changes: UInt8(truncatingIfNeeded: changes))
    note.returns = unsafe codeReturns(record, last, note, channels + state.channel, &coder)
    unsafe codePlace(record, last, &note, channels + state.channel, &coder)
    unsafe record.storeBytes(of: note.returns, toByteOffset: 14, as: UInt8.self)
    let flags = unsafe record.load(fromByteOffset: ScannerChannel.offset, as: UInt8.self) & ~ScannerChannel.mask
    unsafe record.storeBytes(
      of: flags | UInt8(truncatingIfNeeded: state.channel << 4), toByteOffset: ScannerChannel.offset, as: UInt8.self)
    unsafe state.lasts[state.channel] = UnsafeRawPointer(record)
    unsafe state.previous = UnsafeRawPointer(record)
    state.note = note
    return note
  }

  /// What has changed, for an encoder to say.
  @inline(__always) private func changes(_ record: UnsafeRawPointer, _ state: State) -> Int {
    let channel = unsafe ScannerChannel.of(record)
    let last = unsafe state.last(in: channel)
    var changes = channel == state.channel ? 0 : 64
    func differs<Field: Equatable & BitwiseCopyable>(_ offset: Int, _: Field.Type) -> Bool {
      unsafe record.loadUnaligned(fromByteOffset: offset, as: Field.self)
        != last.loadUnaligned(fromByteOffset: offset, as: Field.self)
    }
    if differs(20, UInt16.self) { changes |= 32 }
    if differs(22, UInt64.self) { changes |= 16 }
    if differs(18, UInt16.self) { changes |= 8 }
    let (returns, before) = unsafe (
      record.load(fromByteOffset: 14, as: UInt8.self), last.load(fromByteOffset: 14, as: UInt8.self)
    )
    if returns >> 4 != before >> 4 { changes |= 4 }
    // 0 for the same return number, 1 for the next, 2 for the one before, 3 for any other, by steps around of 16.
    return changes | Int(0xBFFF_FFF4 >> (2 * UInt32((returns &- before) & 15)) & 3)
  }

  @inline(__always) private func codeReturns(
    _ record: UnsafeRawPointer, _ last: UnsafeRawPointer, _ note: PointNote, _ models: UnsafeMutablePointer<Channel>,
    _ coder: inout some ArithmeticCoder
  ) -> UInt8 {
    let before = PointNote(returns: unsafe last.load(fromByteOffset: 14, as: UInt8.self))
    guard note.changes & 7 != 0 else { return before.returns }
    let given = PointNote(returns: unsafe record.load(fromByteOffset: 14, as: UInt8.self))
    let count =
      note.changes & 4 == 0
      ? before.returnCount
      : unsafe coder.symbol(given.returnCount, models.pointee.returnCounts[before.returnCount])
    let number: Int
    switch note.changes & 3 {
    case 0: number = before.returnNumber
    case 1: number = before.returnNumber &+ 1
    case 2: number = before.returnNumber &+ 15
    default:
      if note.hasNewTime {
        number = unsafe coder.symbol(given.returnNumber, models.pointee.returnNumbers[before.returnNumber])
      } else {
        let step = (given.returnNumber &- before.returnNumber &- 2) & 15
        number = unsafe before.returnNumber &+ 2 &+ coder.symbol(step, models.pointee.returnSteps)
      }
    }
    return UInt8(truncatingIfNeeded: count << 4 | number & 15)
  }

  @inline(__always) private func codePlace(
    _ record: UnsafeMutableRawPointer, _ last: UnsafeRawPointer, _ note: inout PointNote,
    _ channel: UnsafeMutablePointer<Channel>, _ coder: inout some ArithmeticCoder
  ) {
    let group = ReturnContext.index(note) << 1 | (note.hasNewTime ? 1 : 0)
    let single = note.isSingle ? 1 : 0
    let (x, y) = unsafe (
      last.loadUnaligned(as: Int32.self), last.loadUnaligned(fromByteOffset: 4, as: Int32.self)
    )
    let givenX = unsafe record.loadUnaligned(as: Int32.self) &- x
    let givenY = unsafe record.loadUnaligned(fromByteOffset: 4, as: Int32.self) &- y
    let xStep = unsafe channel.pointee.dx.code(
      givenX, near: channel.pointee.xSteps[group].median, context: single, with: &coder)
    unsafe channel.pointee.xSteps[group].add(xStep)
    let xBits = unsafe channel.pointee.dx.bitCount
    let yStep = unsafe channel.pointee.dy.code(
      givenY, near: channel.pointee.ySteps[group].median, context: single + (xBits < 20 ? xBits & ~1 : 20),
      with: &coder)
    unsafe channel.pointee.ySteps[group].add(yStep)
    note.precision = UInt8(truncatingIfNeeded: unsafe (xBits &+ channel.pointee.dy.bitCount) >> 1)
    unsafe record.storeBytes(of: x &+ xStep, as: Int32.self)
    unsafe record.storeBytes(of: y &+ yStep, toByteOffset: 4, as: Int32.self)
  }
}
