import Numerics

/// A point cloud as it lay in its file: the header, the records about it, and the points as LAS records.
///
/// Points stay as records, so that what is not understood is kept to the last bit; the columns that an algorithm needs
/// are taken out of them on demand.
public struct PointCloud: Sendable {
  public let header: LASHeader
  /// Variable length records, those about compression and the octree of COPC left out.
  public let records: [VariableLengthRecord]
  public let extendedRecords: [VariableLengthRecord]
  /// Which of the extended records has the samples of waveforms, if one has.
  let waveformIndex: Int?
  /// What was odd in the file and could be read nevertheless.
  public let warnings: [String]
  /// Chunks decoded, 0 when the file was not compressed.
  public let chunkCount: Int
  /// What was left out of a damaged file, when that was asked for, in the order of the file.
  public let losses: [Loss]
  /// The fields that were read. Points hold what their chunk's first point has in the others.
  public let fields: PointFields
  let headerBytes: [UInt8]
  let gap: [UInt8]
  let points: PointRecords

  public var count: Int { points.count }
  public var format: PointFormat { header.pointFormat }

  /// The bytes of all records, one after another.
  public var recordBytes: [UInt8] { unsafe Array(points.bytes) }
}

/// The records of all points, in one block.
@safe struct PointRecords: Sendable {
  let block: ByteBlock
  /// Where the first record begins.
  let start: Int
  let length: Int
  let count: Int
  /// Which point of its file the first one is, where that is told.
  var first = 0

  var bytes: UnsafeRawBufferPointer {
    unsafe UnsafeRawBufferPointer(rebasing: block.bytes[start..<start + count * length])
  }

  /// One field of every record, converted by `convert`.
  /// - Complexity: one pass over the records, shared between `threads` threads.
  func column<Raw: BitwiseCopyable, Value: Sendable>(
    at offset: Int, threads: Int, _ convert: @Sendable (Raw) -> Value
  ) -> [Value] {
    precondition(offset >= 0 && offset + MemoryLayout<Raw>.size <= length)
    return unsafe [Value](unsafeUninitializedCapacity: count) { buffer, initialized in
      nonisolated(unsafe) let target = unsafe buffer
      let step = 1 << 16
      let start = start + offset
      parallelFor((count + step - 1) / step, threads: threads) { part in
        for index in part * step..<min(count, (part + 1) * step) {
          let raw = unsafe block.base.loadUnaligned(fromByteOffset: start + index * length, as: Raw.self)
          unsafe target.baseAddress.unsafelyUnwrapped.advanced(by: index).initialize(to: convert(raw))
        }
      }
      initialized = count
    }
  }
}
