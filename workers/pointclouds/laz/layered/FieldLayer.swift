/// How one layer codes its field of a point, within one scanner channel.
protocol FieldLayer: BitwiseCopyable {
  associatedtype Value: Equatable & BitwiseCopyable
  init(_ arena: ModelArena)
  /// Sets back what is kept of earlier points. `last` is the value that the channel's first point is predicted from.
  mutating func begin(_ last: Value)
  mutating func code(
    _ given: Value, after last: Value, _ note: PointNote, with coder: inout some ArithmeticCoder
  ) -> Value
  /// The field of a record, `field` being where it lies.
  static func load(_ field: UnsafeRawPointer) -> Value
  static func store(_ value: Value, _ field: UnsafeMutableRawPointer)
}

extension FieldLayer {
  func begin(_ last: Value) {}

  @inline(__always) static func load(_ field: UnsafeRawPointer) -> Value {
    unsafe field.loadUnaligned(as: Value.self)
  }

  @inline(__always) static func store(_ value: Value, _ field: UnsafeMutableRawPointer) {
    unsafe field.storeBytes(of: value, as: Value.self)
  }
}

/// One layer of a chunk: a field of all its points, coded on its own.
///
/// Made of functions as `ChunkCoder` is, and for the same reason.
struct LayerCoder {
  /// What messages call it.
  let name: String
  let field: PointFields
  /// Whether it is written even when all its values are the first point's.
  let isAlwaysWritten: Bool
  /// Gives every point the first one's value, as for a layer that is empty or not asked for.
  let fill: (LayeredPoints) -> Void
  let isConstant: (LayeredPoints) -> Bool
  /// Codes all points but the first.
  let decode: (LayeredPoints, ArithmeticDecoder) -> (coder: ArithmeticDecoder, exhausted: Int?)
  let encode: (LayeredPoints, ArithmeticEncoder) -> ArithmeticEncoder

  /// - Parameters:
  ///   - offset: where the field lies in a record.
  ///   - models: those of other layers of the same kind, too, as layers are coded one after another.
  init<Field: FieldLayer>(
    _ name: String, _ field: PointFields, at offset: Int, context: LayerContext = .channel,
    isAlwaysWritten: Bool = false, as type: Field.Type = Field.self, models: LayerModels<Field> = LayerModels()
  ) {
    self.name = name
    self.field = field
    self.isAlwaysWritten = isAlwaysWritten
    let layer = Layer(at: offset, context: context, models)
    fill = { points in layer.fill(points) }
    isConstant = { points in layer.isConstant(points) }
    decode = { points, coder in layer.code(points, with: coder) }
    encode = { points, coder in layer.code(points, with: coder).coder }
  }
}

/// Which scanner channel's models code a point.
enum LayerContext {
  /// That of the point.
  case channel
  /// As version 3 of the items beside the point has it: that of a point whose channel has changed, else the first.
  case changedChannel
}

/// The models of a field for each scanner channel. Most files have one, so each is made when it is used first.
final class LayerModels<Field: FieldLayer> {
  private var arenas = [ModelArena?](repeating: nil, count: ScannerChannel.count)
  private var channels = InlineArray<4, Field?>(repeating: nil)

  /// Sets a channel's models back; they are predicted from `last`.
  fileprivate func begin(_ channel: Int, after last: Field.Value) -> Field {
    let arena = arenas[channel] ?? ModelArena()
    arenas[channel] = arena
    var models = channels[channel] ?? Field(arena)
    arena.reset()
    models.begin(last)
    channels[channel] = models
    return models
  }

  fileprivate subscript(channel: Int) -> Field? {
    get { channels[channel] }
    set { channels[channel] = newValue }
  }
}

/// One field and its models.
private struct Layer<Field: FieldLayer> {
  private let offset: Int
  private let context: LayerContext
  private let channels: LayerModels<Field>

  init(at offset: Int, context: LayerContext, _ models: LayerModels<Field>) {
    (self.offset, self.context, channels) = (offset, context, models)
  }

  func fill(_ points: LayeredPoints) {
    let value = unsafe Field.load(points.record(0) + offset)
    for index in 1..<max(1, points.count) { unsafe Field.store(value, points.record(index) + offset) }
  }

  func isConstant(_ points: LayeredPoints) -> Bool {
    let value = unsafe Field.load(points.record(0) + offset)
    return (1..<max(1, points.count)).allSatisfy { unsafe Field.load(points.record($0) + offset) == value }
  }

  /// - Returns: the coder as it is at the end, and at which point it was exhausted if it was.
  func code<Coder: ArithmeticCoder>(
    _ points: LayeredPoints, with coder: Coder
  ) -> (coder: Coder, exhausted: Int?) {
    var coder = coder
    let first = unsafe points.record(0)
    var predecessors = unsafe Predecessors(first, staysBehind: context == .changedChannel)
    var current = unsafe ScannerChannel.of(first)
    var models = unsafe begin(current, after: first)
    for index in 1..<max(1, points.count) {
      let (record, note) = unsafe (points.record(index), points.notes[index])
      let channel = context == .channel || note.hasNewChannel ? unsafe ScannerChannel.of(record) : 0
      let (last, isFirst) = unsafe predecessors.next(record, in: channel)
      if channel != current {
        channels[current] = models
        current = channel
        if !isFirst, let known = channels[channel] {
          models = known
        } else {
          models = unsafe begin(channel, after: last)
        }
      }
      let given = unsafe Field.load(record + offset)
      let value = unsafe models.code(given, after: Field.load(last + offset), note, with: &coder)
      unsafe Field.store(value, record + offset)
      if coder.isExhausted { return (coder, index) }
    }
    return (coder, nil)
  }

  private func begin(_ channel: Int, after last: UnsafeRawPointer) -> Field {
    channels.begin(channel, after: unsafe Field.load(last + offset))
  }
}
