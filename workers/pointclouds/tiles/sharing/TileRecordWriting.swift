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
  /// Where the next record goes.
  private var end: Int

  /// More is not kept: what is before it is worth having, and a folder with much more would not be taken over.
  static let bytesMax = 2 << 30
  static let fileName = "finished.\(TileRecordFormat.ending)"

  /// Goes on with the file in a folder, or begins it: also where it is of another run, with a warning.
  ///
  /// - Throws: `fileAccess`, `limitExceeded`.
  init(
    _ folder: String, key: TileKey, limits: ReadLimits, tiles: Int, bytesMax: (Int) -> Int,
    _ warnings: inout [String]
  ) throws(PointCloudError) {
    path = "\(folder)/\(Self.fileName)"
    let known = unsafe access(path, F_OK) == 0 ? try Self.known(path, key, limits, tiles, bytesMax, &warnings) : nil
    if known == nil { try writeFile(TileRecordFormat.header(key), path) }
    records = known
    descriptor = unsafe open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .fileAccess("open", path) }
    end = known?.end ?? Int(lseek(descriptor, 0, SEEK_END))
    guard ftruncate(descriptor, off_t(end)) == 0 else { throw .fileAccess("shorten", path) }
  }

  deinit { close(descriptor) }

  private static func known(
    _ path: String, _ key: TileKey, _ limits: ReadLimits, _ tiles: Int, _ bytesMax: (Int) -> Int,
    _ warnings: inout [String]
  ) throws(PointCloudError) -> TileRecords? {
    do throws(PointCloudError) {
      return try TileRecords(
        path, key: key, limits: limits, isChecked: true, tiles: tiles, bytesMax: bytesMax)
    } catch  where error.code != .fileAccess && error.code != .limitExceeded {
      warnings.append("what an attempt before had finished is of no use: \(error.message)")
      return nil
    }
  }

  /// Keeps a finding, unless so much is kept already that no worker would take more over.
  ///
  /// It is not waited for until it is on the disk: whoever takes the folder over sees to that.
  ///
  /// - Throws: `fileAccess`. What was begun is no whole record then, and ends the file for whoever reads it.
  func append(_ pass: TilePassName, _ tile: Int, _ finding: [UInt8]) throws(PointCloudError) {
    let bytes = TileRecordFormat.recordHeader(pass, tile, finding) + finding
    guard end + bytes.count <= Self.bytesMax else { return }
    let isWritten = unsafe bytes.withUnsafeBytes { unsafe PositionedIO.write(descriptor, $0, at: end) }
    guard isWritten else { throw .fileAccess("write", path) }
    end += bytes.count
  }
}
