/// Codes layered chunks: the first record as it is, the number of points, the size of each layer, the layers.
///
/// A layer is one pass over the chunk's records, in which each point's field is coded from that of the last point of the
/// same scanner channel, so a coder and the models of one field are all that a pass has to do with, and a layer that
/// nobody asks for costs nothing.
@safe final class LayeredCoder: ChunkCoder {
  private let recordLength: Int
  private let fields: PointFields
  private let coordinates = CoordinateLayer()
  private var layers: [any LayerCoder]
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

  private static func pointLayers() -> [any LayerCoder] {
    [
      Layer("height", .height, at: 8, isAlwaysWritten: true, as: HeightLayer.self),
      Layer("class", .classification, at: 16, as: ClassLayer.self),
      Layer("flag", .flags, at: ScannerChannel.offset, as: FlagLayer.self),
      Layer("intensity", .intensity, at: 12, as: IntensityLayer.self),
      Layer("scan angle", .scanAngle, at: 18, as: AngleLayer.self),
      Layer("user data", .userData, at: 17, as: UserDataLayer.self),
      Layer("source", .source, at: 20, as: SourceLayer.self),
      Layer("time", .time, at: 22, as: TimeLayer.self),
    ]
  }

  private static func layers(_ item: LASzipRecord.Item, at offset: Int) -> [any LayerCoder] {
    let context: LayerContext = item.version == 3 ? .changedChannel : .channel
    switch item.kind {
    case .layeredColor: return [Layer("colour", .color, at: offset, context: context, as: ColorLayer.self)]
    case .layeredInfrared:
      return [
        Layer("colour", .color, at: offset, context: context, as: ColorLayer.self),
        Layer("infrared", .infrared, at: offset + 6, context: context, as: InfraredLayer.self),
      ]
    case .layeredWavePacket:
      return [Layer("waveform", .wavePacket, at: offset, context: context, as: WavePacketLayer.self)]
    default:
      return (0..<item.size).map { index in
        Layer("extra byte \(index)", .extraBytes, at: offset + index, context: context, as: ByteLayer.self)
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
      let (coder, exhausted) = unsafe coordinates.code(points, with: ArithmeticCoder(bytes))
      if let fault = fault("coordinate", coder, exhausted, count) { return fault }
      for index in layers.indices {
        let range = offset..<offset + sizes[index + 1]
        offset = range.upperBound
        if range.isEmpty || !fields.contains(layers[index].field) {
          layers[index].fill(points)
          continue
        }
        let bytes = unsafe UnsafeRawBufferPointer(rebasing: source[range])
        let (coder, exhausted) = unsafe layers[index].code(points, with: ArithmeticCoder(bytes))
        if let fault = fault(layers[index].name, coder, exhausted, count) { return fault }
      }
      return nil
    }
  }

  /// A layer has no checksum, but damage makes the decoder use too many bytes or too few.
  private func fault(_ name: String, _ coder: ArithmeticCoder, _ exhausted: Int?, _ count: Int) -> String? {
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
    let coded = unsafe withPoints(records, count) { points in
      var coded = [finished(coordinates.code(points, with: ArithmeticCoder(into: output)).coder)]
      for index in layers.indices {
        let isWritten = layers[index].isAlwaysWritten || !layers[index].isConstant(points)
        coded.append(isWritten ? finished(layers[index].code(points, with: ArithmeticCoder(into: output)).coder) : [])
      }
      return coded
    }
    var chunk = unsafe [UInt8](UnsafeRawBufferPointer(start: records, count: recordLength))
    chunk.append(UInt32(count))
    for layer in coded { chunk.append(UInt32(layer.count)) }
    return chunk + coded.joined()
  }

  private func finished(_ coder: ArithmeticCoder) -> [UInt8] {
    coder.finish()
    return output.bytes
  }
}
