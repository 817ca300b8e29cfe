/// Why stages cannot be run over tiles.
struct WholeNeeded: Error {
  let why: String
}

/// In which passes over the tiles of a scan a list of stages is run. Each pass begins with what the one before has left of all points, wherever
/// they lie.
struct StagePlan: Sendable {
  enum Pass: Sendable {
    /// Stages that leave points out or give them classes, one after another: over a tile with as much around it as they reach together.
    case editing(Range<Int>)
    /// A stage that says more of points.
    case column(Int)
    /// A stage that makes maps of them.
    case maps(Int)
  }

  let stages: [any CloudStage]
  let passes: [Pass]
  /// The side of a cell of maps, in the unit of the stages' lengths; nil where none is asked for.
  let mapCell: Double?

  /// - Parameters:
  ///   - labels: what each stage is called in errors.
  ///   - format: of the result.
  init(_ stages: [any CloudStage], labels: [String], format: ScanFormat) throws(WholeNeeded) {
    guard format.isLAS else { throw WholeNeeded(why: "'\(format.rawValue)' is written of a whole scan") }
    self.stages = stages
    var passes: [Pass] = []
    var cell: Double?
    for (place, stage) in stages.enumerated() {
      if let wanted = (stage as? HeightAboveGroundStage)?.cell ?? (stage as? RasterStage)?.cell {
        guard wanted == cell ?? wanted else {
          throw WholeNeeded(why: "\(labels[place]) has another cell than a stage before it")
        }
        cell = wanted
      }
      switch stage.change {
      case .columns where stage is any ColumnStage && stage.reach != .whole: passes.append(.column(place))
      case .classes where Self.isNear(stage.reach), .points where Self.isNear(stage.reach):
        if case .editing(let places) = passes.last {
          passes[passes.count - 1] = .editing(places.lowerBound..<place + 1)
        } else {
          passes.append(.editing(place..<place + 1))
        }
      case .nothing where stage is RasterStage: passes.append(.maps(place))
      case .classes, .points, .columns, .nothing, .more: throw WholeNeeded(why: "\(labels[place]) needs the whole scan")
      }
    }
    (self.passes, mapCell) = (passes, cell)
  }

  /// The first stage that makes maps of all points of the scan: before it none is left out.
  var mapsOfAll: Int? {
    let first = stages.firstIndex { $0 is RasterStage || $0.change == .points }
    return first.flatMap { stages[$0] is RasterStage ? $0 : nil }
  }

  var columnStages: [any ColumnStage] { stages.compactMap { $0 as? any ColumnStage } }
  /// The most bytes that a pass says of each point.
  var columnBytes: Int { columnStages.map(\.columnBytes).max() ?? 0 }

  /// So many bytes of columns a point has at most in a tile of as many points as usual: two scales of features.
  private static let columnBytesUsual = 64

  /// Fewer where columns are wider, so that a tile takes no more memory.
  func tilePointsMax(_ usual: Int) -> Int {
    max(1, usual * Self.columnBytesUsual / max(Self.columnBytesUsual, columnBytes))
  }

  private static func isNear(_ reach: StageReach) -> Bool {
    switch reach {
    case .point, .neighbourhood: true
    case .nearest, .whole: false
    }
  }

  /// The cells around a tile of which a pass must know what becomes of their points; nil for all.
  func margin(of pass: Pass, _ scan: TiledScan, _ context: StageContext) -> Int? {
    switch pass {
    case .editing(let places):
      let halo = stages[places].reduce(0.0) { $0 + $1.reach.halo }
      // More cells than any scan has, where a header makes them smaller than sense.
      return halo > 0 ? Int(min(1e9, (context.length(halo) / scan.cell).rounded(.up))) + 1 : 0
    case .column(let place):
      guard let heights = stages[place] as? HeightAboveGroundStage else { return nil }
      return ZoneSurface.cells(reach: context.length(heights.circleReach), cell: scan.cell)
    case .maps(let place): return (stages[place] as? RasterStage)?.maps(scan, nil, context).reach
    }
  }

  /// The tiles that each pass is about, where the last is about some.
  func tiles(for own: [Int], of scan: TiledScan, _ context: StageContext) -> [[Int]] {
    // What is said or made of points is of no use to passes after it.
    var edited = Set(own)
    var tiles: [[Int]] = []
    for pass in passes.reversed() {
      let isEditing = if case .editing = pass { true } else { false }
      let now = isEditing ? edited.sorted() : own
      tiles.append(now)
      if let margin = margin(of: pass, scan, context) {
        edited.formUnion(scan.tiles(touching: now.map { scan.tiles[$0].cells.expanded(by: margin) }))
      } else {
        edited.formUnion(scan.tiles.indices)
      }
    }
    return tiles.reversed()
  }
}

extension StageReach {
  /// In the unit of the stage's lengths.
  fileprivate var halo: Double {
    if case .neighbourhood(let halo) = self { halo } else { 0 }
  }
}
