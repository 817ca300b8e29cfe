import PointClouds

/// What is fuzzed, each with a corpus of its own.
enum FuzzTarget: String, CaseIterable {
  /// Uncompressed LAS, and all that is made of clouds.
  case las
  /// LAZ of formats 0–5.
  case pointwise
  /// LAZ of formats 6–10.
  case layered
  case copc
  case ply, pcd, text
  /// LAS and LAZ as tables, and those read again.
  case export
  /// What was found of tiles, and files and checkpoints of it.
  case tiles
  /// Polygons, as text and as numbers.
  case polygons

  /// What is done with the bytes that are tried. It ends the process where a promise is broken.
  func makeCheck(_ scratch: Scratch) throws -> ([UInt8]) -> Void {
    switch self {
    case .las, .pointwise, .layered: CloudCheck(scratch).callAsFunction
    case .copc: COPCCheck(scratch).callAsFunction
    case .ply: TableCheck(scratch, name: "in.ply").callAsFunction
    case .pcd: TableCheck(scratch, name: "in.pcd").callAsFunction
    case .text: TableCheck(scratch, name: "in.csv").callAsFunction
    case .export: TableCheck(scratch, name: "in.las").callAsFunction
    case .tiles: try TilesCheck(scratch).callAsFunction
    case .polygons: PolygonCheck().callAsFunction
    }
  }

  func seeds(_ scratch: Scratch) throws -> [[UInt8]] {
    switch self {
    case .las: try CloudSeeds(scratch).uncompressed()
    case .pointwise: try CloudSeeds(scratch).compressed(0...5)
    case .layered: try CloudSeeds(scratch).compressed(6...10)
    case .copc: try CloudSeeds(scratch).octrees()
    case .ply: try TableCheck.seeds(scratch, .ply)
    case .pcd: try TableCheck.seeds(scratch, .pcd) + TableCheck.compressedSeeds()
    case .text: try TableCheck.seeds(scratch, .csv) + TableCheck.seeds(scratch, .xyz)
    case .export: try CloudSeeds(scratch).uncompressed() + CloudSeeds(scratch).compressed(0...10)
    case .tiles: try TilesCheck(scratch).seeds()
    case .polygons: PolygonCheck.seeds
    }
  }
}
