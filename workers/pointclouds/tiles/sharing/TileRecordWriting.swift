import Glibc

/// The file of tiles that a part writes, complete or not at all.
final class TilePartFile {
  private var file: AtomicFile

  init(_ path: String, _ key: TileKey) throws(PointCloudError) {
    file = try AtomicFile(path)
    try file.write(TileRecordFormat.header(key))
  }

  func append(_ pass: TilePassName, _ tile: Int, _ finding: [UInt8]) throws(PointCloudError) {
    try file.write(TileRecordFormat.recordHeader(pass, tile, finding))
    try file.write(finding)
  }

  func commit() throws(PointCloudError) { try file.commit() }
}

/// The tiles that attempts at one run have finished. A record that an attempt was ended within, and all after a damaged one, are made again.
@safe final class TileCheckpoint {
  /// What earlier attempts have finished.
  let records: TileRecords?
  private let path: String
  private let descriptor: Int32

  static let fileName = "finished.\(TileRecordFormat.ending)"

  /// Goes on with the file in a folder, or begins it: also where it is of another run, with a warning.
  ///
  /// - Throws: `fileAccess`, `limitExceeded`.
  init(
    _ folder: String, key: TileKey, limits: ReadLimits, _ scan: TiledScan, _ warnings: inout [String]
  ) throws(PointCloudError) {
    path = "\(folder)/\(Self.fileName)"
    let known = unsafe access(path, F_OK) == 0 ? try Self.known(path, key, limits, scan, &warnings) : nil
    if known == nil { try writeFile(TileRecordFormat.header(key), path) }
    records = known
    descriptor = unsafe open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
    guard descriptor >= 0 else { throw .fileAccess("open", path) }
    if let known, known.end < known.file.byteCount {
      guard ftruncate(descriptor, off_t(known.end)) == 0 else { throw .fileAccess("shorten", path) }
    }
  }

  deinit { close(descriptor) }

  private static func known(
    _ path: String, _ key: TileKey, _ limits: ReadLimits, _ scan: TiledScan, _ warnings: inout [String]
  ) throws(PointCloudError) -> TileRecords? {
    do throws(PointCloudError) {
      return try TileRecords(
        path, key: key, limits: limits, isChecked: true, tiles: scan.tiles.count, bytesMax: scan.findingBytesMax)
    } catch  where error.code != .fileAccess && error.code != .limitExceeded {
      warnings.append("what an attempt before had finished is of no use: \(error.message)")
      return nil
    }
  }

  /// Returns when the record is on the disk.
  func append(_ pass: TilePassName, _ tile: Int, _ finding: [UInt8]) throws(PointCloudError) {
    let bytes = TileRecordFormat.recordHeader(pass, tile, finding) + finding
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { buffer in
        let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[written...])
        return unsafe write(descriptor, rest.baseAddress, rest.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .fileAccess("write", path) }
      written += count
    }
    guard fdatasync(descriptor) == 0 else { throw .fileAccess("flush", path) }
  }
}
