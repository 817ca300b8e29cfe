import Numerics
import Synchronization

/// Writes a LAS or LAZ file whose points come in batches, in memory that does not grow with their number.
///
/// Each batch is whole records in the frame's point format, little-endian, one after another; batches may have any
/// size, and who made them, on whatever thread, does not matter: only the order in which they are appended. The same
/// records give the same file, whatever the batches and the threads.
///
/// The file appears under its name when `finish` returns. A writer that is dropped before that leaves nothing behind.
///
/// - Complexity: O(bytes). Memory: uncompressed 4 MiB; compressed two chunks of 50,000 records for each thread, and as
///   much again at most for their code.
@safe package struct StreamWriter: ~Copyable {
  /// What the header will say of counts and bounds.
  package enum Summary: Sendable {
    /// What the points are found to be.
    case counted
    /// What the frame's header says, which was written for these points.
    case asGiven
  }

  package let header: LASHeader
  /// How many points have been appended.
  package private(set) var count = 0
  /// Shown all records before they are written, part by part, in any order and on any thread.
  var observer: (@Sendable (PointRecords) -> Void)?

  private var file: AtomicFile
  private let frame: LASFrame
  private let summary: Summary
  private let threads: Int
  private let prefixBytes: [UInt8]
  private let length: Int
  private var chunks: LAZWriter?
  private var recount = Recount()
  /// Records that wait to be written: so many bytes of the block, which grows with them, as a few points may have wide records.
  private var pending: ByteBlock
  private var pendingBytes = 0
  private let pendingMax: Int

  /// Uncompressed points are written in parts of about so many bytes.
  private static let partBytes = 4 << 20
  private static let roomAtFirst = 1 << 16

  /// Begins a file.
  ///
  /// - Parameters:
  ///   - isCompressed: whether to write LAZ, in chunks of 50,000 points.
  ///   - threads: the most threads that compress, the caller's own among them.
  /// - Throws: `fileAccess`; `limitExceeded` for more extra bytes per record than LAZ is written with, or without
  ///   memory; `corrupt` where the frame's header contradicts itself.
  package init(
    path: String, frame: LASFrame, isCompressed: Bool = false, summary: Summary = .counted, threads: Int = 1
  ) throws(PointCloudError) {
    let plain = try frame.prefix(nil).header
    let chunks = isCompressed ? try LAZWriter(plain) : nil
    let (header, prefix) = try frame.prefix(chunks?.record.variableLengthRecord)
    let length = header.recordLength
    let recordsMax = if let chunks { 2 * max(1, threads) * chunks.chunkSize } else { Self.partBytes / length + 1 }
    let pending = try ByteBlock(count: min(Self.roomAtFirst, recordsMax * length))
    let file = try AtomicFile(path)
    // Compressed points begin with the place of the chunk table, which is known at the end.
    try file.write(prefix + (isCompressed ? [UInt8](repeating: 0, count: 8) : []))
    self.file = file
    (self.header, prefixBytes, self.length, self.chunks) = (header, prefix, length, chunks)
    (self.frame, self.summary, self.threads) = (frame, summary, max(1, threads))
    (self.pending, pendingMax) = (pending, recordsMax * length)
  }

  /// Appends whole records.
  ///
  /// - Parameter keepGoing: asked on the caller's thread before each part that is written and each chunk that is
  ///   compressed; false ends it with `cancelled`, and the writer is of no use any more.
  /// - Precondition: a whole number of records.
  /// - Throws: `fileAccess`; `cancelled`; `limitExceeded` for more points than the version can count.
  package mutating func append(
    _ records: UnsafeRawBufferPointer, keepGoing: () -> Bool = { true }
  ) throws(PointCloudError) {
    precondition(records.count.isMultiple(of: length), "a batch is whole records")
    try checkCount(records.count / length)
    var taken = 0
    while taken < records.count {
      let part = min(records.count - taken, pendingMax - pendingBytes)
      try reserve(pendingBytes + part)
      let target = unsafe pending.base + pendingBytes
      unsafe target.copyMemory(from: records.baseAddress.unsafelyUnwrapped + taken, byteCount: part)
      pendingBytes += part
      taken += part
      if pendingBytes == pendingMax { try writePending(keepGoing) }
    }
  }

  /// Appends whole records, as `append` of a buffer does.
  package mutating func append(_ records: [UInt8], keepGoing: () -> Bool = { true }) throws(PointCloudError) {
    // Typed errors do not pass through `withUnsafeBytes`.
    var failure: PointCloudError?
    unsafe records.withUnsafeBytes { buffer in
      do throws(PointCloudError) {
        try unsafe append(buffer, keepGoing: keepGoing)
      } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// Writes what is left, what comes after the points, and in the header where all is; then the file appears.
  ///
  /// - Returns: the header as it was written.
  /// - Throws: as `append`.
  @discardableResult
  package consuming func finish(keepGoing: () -> Bool = { true }) throws(PointCloudError) -> LASHeader {
    try writePending(keepGoing)
    var end = prefixBytes.count + count * length
    if let chunks {
      let place = prefixBytes.count + 8 + chunks.byteCount
      let table = chunks.table()
      try file.write(table)
      var pointer: [UInt8] = []
      pointer.append(Int64(place))
      try file.overwrite(pointer, at: prefixBytes.count)
      end = place + table.count
    }
    for record in frame.extendedRecords { try file.write(record.bytes) }
    var (header, bytes) = (header, Array(prefixBytes[..<header.headerSize]))
    if case .counted = summary { (header, bytes) = recount.applied(to: header, bytes) }
    let places = frame.places(header, end: end)
    bytes.replaceSubrange(227..<227 + places.count, with: places)
    try file.overwrite(bytes, at: 0)
    try file.commit()
    return header
  }

  private mutating func reserve(_ bytes: Int) throws(PointCloudError) {
    guard bytes > pending.count else { return }
    let larger = try ByteBlock(count: min(pendingMax, max(bytes, 2 * pending.count)))
    unsafe larger.base.copyMemory(from: pending.base, byteCount: pendingBytes)
    pending = larger
  }

  private mutating func checkCount(_ more: Int) throws(PointCloudError) {
    count += more
    guard count <= UInt32.max || header.minorVersion >= 4 else {
      throw PointCloudError(
        .limitExceeded, "LAS 1.\(header.minorVersion) cannot count more than \(UInt32.max) points",
        remedy: "Write LAS 1.4, or split the points into tiles.")
    }
  }

  /// Counts and writes the records that wait, in parts that are shared between threads.
  private mutating func writePending(_ keepGoing: () -> Bool) throws(PointCloudError) {
    guard pendingBytes > 0 else { return }
    guard keepGoing() else { throw .cancelled }
    let isCounted = if case .counted = summary { true } else { false }
    let points = PointRecords(block: pending, start: 0, length: length, count: pendingBytes / length)
    let part = chunks?.chunkSize ?? max(1, points.count / (2 * threads) + 1)
    let parts = stride(from: 0, to: points.count, by: part).map { $0..<min(points.count, $0 + part) }
    let done = Mutex([(code: [UInt8], recount: Recount)?](repeating: nil, count: parts.count))
    let (coders, format, observer) = (chunks?.coders, header.pointFormat, observer)
    let isComplete = parallelFor(parts.count, threads: threads, keepGoing: { _ in keepGoing() }) { index in
      // Looked at before it is compressed: that writes over the records.
      observer?(points[parts[index]])
      let recount = isCounted ? Recount(points[parts[index]], format) : Recount()
      let code = coders?.using { unsafe $0.encode(points[parts[index]].base, count: parts[index].count) } ?? []
      done.withLock { $0[index] = (code, recount) }
    }
    guard isComplete else { throw .cancelled }
    for case let (code, recount)? in done.withLock({ $0 }) {
      self.recount.add(recount)
      if chunks != nil { try file.write(code) }
      chunks?.sizes.append(code.count)
    }
    if chunks == nil { try unsafe file.write(points.bytes) }
    pendingBytes = 0
  }
}

extension PointRecords {
  /// Some of the records.
  fileprivate subscript(range: Range<Int>) -> PointRecords {
    PointRecords(block: block, start: start + range.lowerBound * length, length: length, count: range.count)
  }

  /// The first record.
  fileprivate var base: UnsafeMutableRawPointer { unsafe block.base + start }
}
