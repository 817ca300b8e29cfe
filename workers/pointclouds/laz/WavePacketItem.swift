/// The 29 bytes by which a record points to its waveform: LAS 1.4 R15, table 11.
struct WavePacket: BitwiseCopyable, Equatable {
  static let size = 29
  /// Which descriptor tells how the waveform was sampled; 0 when there is none.
  var descriptor: UInt8 = 0
  /// Where the samples begin, in bytes.
  var offset: Int64 = 0
  /// How many bytes of samples there are.
  var length: Int32 = 0
  /// Where along the waveform the point lies, and the three parameters of the ray, as the bits of their floats.
  var place: Int32 = 0
  var ray = SIMD3<Int32>()

  var byteCount: Int64 { Int64(UInt32(bitPattern: length)) }

  init(_ bytes: UnsafeRawPointer) {
    descriptor = unsafe bytes.load(as: UInt8.self)
    offset = unsafe bytes.loadUnaligned(fromByteOffset: 1, as: Int64.self)
    length = unsafe bytes.loadUnaligned(fromByteOffset: 9, as: Int32.self)
    place = unsafe bytes.loadUnaligned(fromByteOffset: 13, as: Int32.self)
    for axis in 0..<3 { ray[axis] = unsafe bytes.loadUnaligned(fromByteOffset: 17 + 4 * axis, as: Int32.self) }
  }

  func store(_ bytes: UnsafeMutableRawPointer) {
    unsafe bytes.storeBytes(of: descriptor, as: UInt8.self)
    unsafe bytes.storeBytes(of: offset, toByteOffset: 1, as: Int64.self)
    unsafe bytes.storeBytes(of: length, toByteOffset: 9, as: Int32.self)
    unsafe bytes.storeBytes(of: place, toByteOffset: 13, as: Int32.self)
    for axis in 0..<3 { unsafe bytes.storeBytes(of: ray[axis], toByteOffset: 17 + 4 * axis, as: Int32.self) }
  }
}

/// The models of waveform packets. Their samples mostly follow each other without a gap.
struct WavePacketModels {
  private let descriptors: AdaptiveSymbols
  private let moves: ModelFamily
  private var offsets, lengths, places, rays: IntegerCoder
  private var lastMove = Move.none
  private var lastChange: Int32 = 0

  /// How the place of the samples has changed.
  private enum Move: Int { case none, next, near, far }

  init(_ arena: ModelArena) {
    descriptors = arena.symbolModel(256)
    moves = arena.family(4, of: 4)
    offsets = IntegerCoder(arena, bits: 32)
    lengths = IntegerCoder(arena, bits: 32)
    places = IntegerCoder(arena, bits: 32)
    rays = IntegerCoder(arena, bits: 32, contexts: 3)
  }

  mutating func begin() { (lastMove, lastChange) = (.none, 0) }

  mutating func code(
    _ given: WavePacket, after last: WavePacket, with coder: inout some ArithmeticCoder
  ) -> WavePacket {
    var packet = last
    packet.descriptor = coder.byte(given.descriptor, descriptors)
    packet.offset = codeOffset(given.offset, last, &coder)
    packet.length = lengths.code(given.length, near: last.length, with: &coder)
    packet.place = places.code(given.place, near: last.place, with: &coder)
    for axis in 0..<3 {
      packet.ray[axis] = rays.code(given.ray[axis], near: last.ray[axis], context: axis, with: &coder)
    }
    return packet
  }

  private mutating func codeOffset(
    _ given: Int64, _ last: WavePacket, _ coder: inout some ArithmeticCoder
  ) -> Int64 {
    let change = given &- last.offset
    let move: Move = !change.fitsWord ? .far : change == 0 ? .none : change == last.byteCount ? .next : .near
    lastMove = Move(rawValue: coder.symbol(move.rawValue, moves[lastMove.rawValue])) ?? .none
    switch lastMove {
    case .none: return last.offset
    case .next: return last.offset &+ last.byteCount
    case .near:
      lastChange = offsets.code(Int32(truncatingIfNeeded: change), near: lastChange, with: &coder)
      return last.offset &+ Int64(lastChange)
    case .far: return Int64(bitPattern: coder.doubleWord(UInt64(bitPattern: given)))
    }
  }
}

/// The waveform packet item of LASzip 1, the only one of pointwise compression.
struct WavePacketItem {
  private var models: WavePacketModels
  private var last: WavePacket?

  init(_ arena: ModelArena) { models = WavePacketModels(arena) }

  mutating func begin(_ first: UnsafeRawPointer) {
    models.begin()
    last = unsafe WavePacket(first)
  }

  mutating func code(_ bytes: UnsafeMutableRawPointer, with coder: inout some ArithmeticCoder) {
    let given = unsafe WavePacket(bytes)
    let packet = models.code(given, after: last ?? given, with: &coder)
    unsafe packet.store(bytes)
    last = packet
  }
}
