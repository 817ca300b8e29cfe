/// What one thread reads a part with. It is used again, as models and blocks take megabytes.
final class PartWorkspace {
  private let coder: ChunkCoder?
  private var compressed: ByteBlock?
  private var decoded: ByteBlock?

  /// - Parameter compression: nil for points that are not compressed.
  init(_ compression: LASzipRecord?, recordLength: Int, fields: PointFields) {
    coder = compression?.makeCoder(recordLength: recordLength, fields: fields)
  }

  /// A block of at least `count` bytes for what is read of the file.
  func source(_ count: Int) throws(PartFault) -> ByteBlock { try Self.block(&compressed, count) }

  /// A block of at least `count` bytes for records.
  func records(_ count: Int) throws(PartFault) -> ByteBlock { try Self.block(&decoded, count) }

  private static func block(_ block: inout ByteBlock?, _ count: Int) throws(PartFault) -> ByteBlock {
    if let block, block.count >= count { return block }
    block = nil
    do throws(PointCloudError) {
      let new = try ByteBlock(count: count)
      block = new
      return new
    } catch { throw .failed(error) }
  }

  func decode(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawPointer, count: Int
  ) -> ChunkOutcome {
    unsafe coder?.decode(source, into: target, count: count) ?? .damaged("the file says not how it is compressed")
  }
}
