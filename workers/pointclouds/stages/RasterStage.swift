import Glibc
import Numerics

/// Makes maps of the points as they are when its turn comes; the points go on unchanged.
struct RasterStage: CloudStage {
  static let definition = StageDefinition(
    name: "raster",
    summary: "Makes maps of the points as they are then, as files of their own; ground is what has class 2",
    parameters: [
      .some("products", "The maps to make", RasterParameters().products),
      .length("cell", "Side of a cell, in the unit of lengths", 1),
      .choice(
        "method",
        "How the bare earth is made from ground points: triangles between them, or means of those near a cell by the inverse square of the distance",
        RasterParameters.Method.tin),
      .length(
        "reach", "Greatest radius of a triangle's circle, in the unit of lengths: wider holes in the ground stay holes",
        100),
      .number(
        "gap",
        "Holes in dsm, chm and intensity of up to twice as much are filled, in the unit of lengths; 0 fills none", 2,
        in: 0...1_000_000),
      .number(
        "contour_interval", "Height from one contour to the next, in the file's vertical unit", 1, in: 0.001...10_000),
      .text(
        "prefix", "What the names of the files begin with: letters, digits, '-', '_' and '.'", bytesMax: prefixBytesMax),
    ])

  let values: StageValues
  private let parameters: RasterParameters
  private let prefix: String

  private static let prefixBytesMax = 64

  init(_ values: StageValues) throws(PointCloudError) {
    self.values = values
    parameters =
      RasterParameters(
        products: values.some("products"), method: values.choice("method"), ground: .classified,
        reach: values.number("reach"), gap: values.number("gap"), contourInterval: values.number("contour_interval"),
        filter: Self.filter(cell: values.number("cell"))
      ).withProductsInOrder
    prefix = values.text("prefix")
    try parameters.validate()
    let isPlain = prefix.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) || [0x2D, 0x2E, 0x5F].contains(byte)
    }
    guard isPlain, !prefix.hasPrefix("."), prefix.utf8.count <= Self.prefixBytesMax else {
      throw PointCloudError(
        .invalidParameter, "prefix is '\(prefix.prefix(Self.prefixBytesMax))'",
        remedy:
          "Give at most \(Self.prefixBytesMax) letters, digits, '-', '_' and '.', of which the last does not come first."
      )
    }
  }

  /// Its window is how far a smooth surface goes on, which small cells shorten.
  private static func filter(cell: Double) -> GroundParameters {
    var filter = GroundParameters(cell: cell)
    filter.window = min(filter.window, Double(GroundParameters.radiusMax) * cell)
    return filter
  }

  var change: StageChange { .nothing }
  /// What fills gaps reaches on as far as it must; how far a tile looks is told by `TileMaps.reach`.
  var reach: StageReach { .neighbourhood(halo: 2 * parameters.reach) }

  /// The side of a cell, in the unit of lengths.
  var cell: Double { parameters.filter.cell }
  var fileNames: [String] { parameters.products.flatMap { $0.fileNames(prefix: prefix) } }

  /// - Parameter states: in which it finds the points; nil for all as they are in the file.
  func maps(_ scan: TiledScan, _ states: PointStates?, _ context: StageContext) -> TileMaps {
    TileMaps(
      scan: scan, states: states, parameters: parameters.converted(metresPerUnit: context.metresPerUnit),
      heightFactor: context.heightFactor)
  }

  /// - Parameter cells: what the maps cover.
  /// - Throws: `unsupported` where no files may be written; as `MapFiles`.
  func files(
    of maps: TileMaps, _ cells: CellRectangle, _ context: StageContext
  ) throws(PointCloudError) -> MapFiles {
    try MapFiles(
      maps.parameters, cells, cell: maps.scan.cell, heightFactor: maps.heightFactor, wkt: context.system?.wkt,
      folder: try Self.folder(context), prefix: prefix)
  }

  private static func folder(_ context: StageContext) throws(PointCloudError) -> String {
    guard let folder = context.folder else {
      throw PointCloudError(.unsupported, "maps are files, and there is no folder for them", remedy: "Give a folder.")
    }
    return folder
  }

  /// That there would be too many cells, or points in one place, as stages can mend it.
  static func tooLarge(_ error: PointCloudError) -> PointCloudError {
    PointCloudError(
      .limitExceeded, error.message,
      remedy:
        "Choose another 'cell', leave out stray points before (stages 'crop' and 'outliers'), or make maps by pointcloud.raster, whose limits are parameters."
    )
  }

  func requireGround(_ count: Int) throws(PointCloudError) {
    guard parameters.products.contains(where: \.needsGround), count < MappedGround.pointsMin else { return }
    throw PointCloudError(
      .empty, "\(count) of the points have class 2, which is ground; they make no surface",
      remedy: "Put the stage 'ground' before this one, or make only maps that need none (dsm, intensity, density).")
  }

  static func facts(_ files: MapFiles) -> [String: StageValue] {
    var facts: [String: StageValue] = [
      "cell": .number(files.cell), "columns": .integer(files.cells.columns), "rows": .integer(files.cells.rows),
    ]
    for (name, map) in files.summaries {
      if let lowest = map.lowest { facts["\(name)_lowest"] = .number(lowest) }
      if let highest = map.highest { facts["\(name)_highest"] = .number(highest) }
      facts["\(name)_coverage"] = .number(map.coverage)
    }
    return facts
  }

  /// Tiles are cut from files, so the cloud becomes one for a while.
  func run(
    _ cloud: PointCloud, _ context: StageContext, progress: (Double) -> Bool
  ) throws(PointCloudError) -> StageResult {
    let folder = try Self.folder(context)
    let path = AtomicFile.temporaryPath(for: "\(folder)/.points-of-maps.las")
    // Whatever comes of it, no name is kept.
    defer { unsafe unlink(path) }
    try cloud.write(path: path, threads: context.threads, keepGoing: { progress(0.1 * $0) })
    let file = try PointFile(path: path, limits: ReadLimits(fileBytesMax: .max, pointsMax: .max))
    // It is open: a process that is killed from now on leaves nothing.
    unsafe unlink(path)
    let scan: TiledScan
    do throws(PointCloudError) {
      scan = try TiledScan(
        file, cell: context.length(cell),
        limit: GroundParameters().cellsLimit(points: max(cloud.count, context.scanPoints)), folder: folder,
        tilePointsMax: defaultTilePointsMax, threads: context.threads, keepGoing: { progress(0.1 + 0.2 * $0) })
    } catch {
      throw error.code == .limitExceeded ? Self.tooLarge(error) : error
    }
    try requireGround(scan.groundCount)
    let maps = maps(scan, nil, context)
    let files = try files(of: maps, scan.cells, context)
    try scan.forEachTile(
      threads: context.threads, keepGoing: { progress(0.3 + 0.7 * $0) },
      { (tile, threads, going) throws(PointCloudError) in try maps.make(tile, threads: threads, keepGoing: going) },
      { (tile, made) throws(PointCloudError) in try files.write(made, of: tile) })
    var result = StageResult(cloud, Self.facts(files))
    result.maps = files
    return result
  }
}
