/// A format that scans are converted to.
public enum ScanFormat: String, Hashable, Codable, Sendable, CaseIterable {
  case laz, las, ply, pcd, xyz, csv

  /// Whether its points are LAS records.
  var isLAS: Bool { self == .las || self == .laz }

  /// The format of a file, told by its first bytes, and of text, which has no mark, by its name.
  /// - Throws: `unsupported`.
  init(of file: ByteReader, path: String) throws(PointCloudError) {
    let start = file.bytes(0..<min(file.count, 12))
    let text = String(decoding: start, as: UTF8.self)
    let ending = path.split(separator: ".").last.map { $0.lowercased() } ?? ""
    if text.hasPrefix("LASF") {
      self = file.count > 104 && file.byte(104) & 0xC0 != 0 ? .laz : .las
    } else if text.hasPrefix("ply\n") || text.hasPrefix("ply\r") || text.hasPrefix("ply ") {
      self = .ply
    } else if text.hasPrefix("# .PCD") || ending == "pcd" {
      self = .pcd
    } else if ["csv", "xyz", "txt", "asc"].contains(ending) {
      self = ending == "csv" ? .csv : .xyz
    } else {
      throw PointCloudError(
        .unsupported, "the file is neither LAS, LAZ, PLY nor PCD by its first bytes, nor text by its name",
        remedy: "Name text .xyz, .txt, .asc or .csv.", offset: 0)
    }
  }
}
