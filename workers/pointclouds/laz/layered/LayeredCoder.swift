/// Codes layered chunks: the first record as it is, the number of points, the size of each layer, the layers.
///
/// A layer is one pass over the chunk's records, in which each point's field is coded from that of the last point of the
/// same scanner channel, so a coder and the models of one field are all that a pass has to do with, and a layer that
/// nobody asks for costs nothing.
@safe final class LayeredCoder {
  private let recordLength: Int
  private let fields: PointFields
  private let coordinates = CoordinateLayer()
  private var layers: [LayerCoder]
  private let output = CodeBytes()
  private var notes: [PointNote] = []

  /// - Parameter fields: what to decode. The others hold what the chunk's first point has.
  init(_ items: [LASzipRecord.Item], recordLength: Int, fields: PointFields) {
    self.recordLength = recordLength
    self.fields = fields
    layers = Self.pointLayers()
    var offset = 30
    for item in items.dropFirst() {
      layers += Self.layers(item, at: offset)
      offset += item.size
    }
  }

  private static func pointLayers() -> [LayerCoder] {
    [
      LayerCoder("height", .height, at: 8, isAlwaysWritten: true, as: HeightLayer.self),
      LayerCoder("class", .classification, at: 16, as: ClassLayer.self),
      LayerCoder("flag", .flags, at: ScannerChannel.offset, as: FlagLayer.self),
      LayerCoder("intensity", .intensity, at: 12, as: IntensityLayer.self),
      LayerCoder("scan angle", .scanAngle, at: 18, as: AngleLayer.self),
      LayerCoder("user data", .userData, at: 17, as: UserDataLayer.self),
      LayerCoder("source", .source, at: 20, as: SourceLayer.self),
      LayerCoder("time", .time, at: 22, as: TimeLayer.self),
    ]
  }

  private static func layers(_ item: LASzipRecord.Item, at offset: Int) -> [LayerCoder] {
    let context: LayerContext = item.version == 3 ? .changedChannel : .channel
    switch item.kind {
    case .layeredColor: return [LayerCoder("colour", .color, at: offset, context: context, as: ColorLayer.self)]
    case .layeredInfrared:
      return [
        LayerCoder("colour", .color, at: offset, context: context, as: ColorLayer.self),
        LayerCoder("infrared", .infrared, at: offset + 6, context: context, as: InfraredLayer.self),
      ]
    case .layeredWavePacket:
      return [LayerCoder("waveform", .wavePacket, at: offset, context: context, as: WavePacketLayer.self)]
    default:
      // Thousands of them would have tens of megabytes of models for each thread.
      let models = LayerModels<ByteLayer>()
      return (0..<item.size).map { index in
        LayerCoder("extra byte \(index)", .extraBytes, at: offset + index, context: context, models: models)
      }
    }
  }

  /// The sizes of a chunk's layers, the coordinates' first, and where the first layer begins.
  private func sizes(_ source: UnsafeRawBufferPointer) -> (sizes: [Int], start: Int)? {
    let start = recordLength + 4 + 4 * (layers.count + 1)
    guard source.count >= start else { return nil }
    let sizes = (0...layers.count).map { index in
      unsafe Int(source.loadUnaligned(fromByteOffset: recordLength + 4 + 4 * index, as: UInt32.self))
    }
    guard sizes.reduce(0, +) <= source.count - start else { return nil }
    return (sizes, start)
  }

  func decode(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawPointer, count: Int
  ) -> ChunkOutcome {
    unsafe target.copyMemory(from: source.baseAddress.unsafelyUnwrapped, byteCount: recordLength)
    guard let (sizes, start) = unsafe sizes(source) else { return .damaged("its layers do not fit in its bytes") }
    let announced = unsafe Int(source.loadUnaligned(fromByteOffset: recordLength, as: UInt32.self))
    guard announced == count else { return .damaged("it says that it has \(announced) points, not \(count)") }
    if let fault = unsafe decodeLayers(source, sizes, start, into: target, count) { return .damaged(fault) }
    return .complete(unread: source.count - start - sizes.reduce(0, +))
  }

  /// - Returns: what is wrong with the first damaged layer.
  private func decodeLayers(
    _ source: UnsafeRawBufferPointer, _ sizes: [Int], _ start: Int, into target: UnsafeMutableRawPointer, _ count: Int
  ) -> String? {
    guard count > 1 else { return nil }
    return unsafe withPoints(target, count) { points in
      var offset = start + sizes[0]
      guard sizes[0] > 0 else { return "its coordinates have no bytes" }
      let bytes = unsafe UnsafeRawBufferPointer(rebasing: source[start..<offset])
      let (coder, exhausted) = unsafe coordinates.code(points, with: ArithmeticDecoder(bytes))
      if let fault = fault("coordinate", coder, exhausted, count) { return fault }
      for index in layers.indices {
        let range = offset..<offset + sizes[index + 1]
        offset = range.upperBound
        if range.isEmpty || !fields.contains(layers[index].field) {
          layers[index].fill(points)
          continue
        }
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: source[range])
        let (coder, exhausted) = unsafe layers[index].decode(points, ArithmeticDecoder(bytes))
        if let fault = fault(layers[index].name, coder, exhausted, count) { return fault }
      }
      return nil
    }
  }

  /// A layer has no checksum, but damage makes the decoder use too many bytes or too few.
  private func fault(_ name: String, _ coder: ArithmeticDecoder, _ exhausted: Int?, _ count: Int) -> String? {
    if let point = exhausted { return "the bytes of its \(name) layer end at point \(point) of \(count)" }
    return coder.remaining > ChunkOutcome.paddingMax
      ? "\(coder.remaining) bytes of its \(name) layer are left over" : nil
  }

  private func withPoints<Result>(
    _ records: UnsafeMutableRawPointer, _ count: Int, _ body: (LayeredPoints) -> Result
  ) -> Result {
    if notes.count < count { notes = [PointNote](repeating: PointNote(), count: count) }
    return unsafe notes.withUnsafeMutableBufferPointer { buffer in
      unsafe body(
        LayeredPoints(
          records: records, recordLength: recordLength, count: count,
          notes: buffer.baseAddress.unsafelyUnwrapped))
    }
  }

  func encode(_ records: UnsafeMutableRawPointer, count: Int) -> [UInt8] {
    output.removeAll()
    var sizes: [UInt32] = []
    unsafe withPoints(records, count) { points in
      write(&sizes) { coordinates.code(points, with: $0).coder }
      for layer in layers {
        if layer.isAlwaysWritten || !layer.isConstant(points) {
          write(&sizes) { layer.encode(points, $0) }
        } else {
          sizes.append(0)
        }
      }
    }
    var chunk: [UInt8] = []
    unsafe chunk.reserveCapacity(recordLength + 4 + 4 * sizes.count + output.bytes.count)
    unsafe chunk += UnsafeRawBufferPointer(start: records, count: recordLength)
    chunk.append(UInt32(count))
    for size in sizes { chunk.append(size) }
    unsafe chunk += output.bytes
    return chunk
  }

  /// Appends a layer to what is written, and its size to the others.
  private func write(_ sizes: inout [UInt32], _ code: (ArithmeticEncoder) -> ArithmeticEncoder) {
    let before = unsafe output.bytes.count
    code(ArithmeticEncoder(appendingTo: output)).finish()
    sizes.append(unsafe UInt32(output.bytes.count - before))
  }
}
