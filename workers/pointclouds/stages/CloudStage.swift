import Numerics

/// One step of a pipeline over a cloud: from a cloud another one, and what there is to tell of it.
///
/// A new stage is a type that conforms, named in `StageCatalogue`; its parameters are data (`StageDefinition`).
public protocol CloudStage: Sendable {
  static var definition: StageDefinition { get }
  var values: StageValues { get }
  /// What of a cloud must be at hand to know what becomes of a point.
  var reach: StageReach { get }
  var change: StageChange { get }
  /// Whether it measures, and so cannot work in degrees.
  var needsLengths: Bool { get }
  /// Whether the cloud is in another coordinate reference system after it.
  var changesSystem: Bool { get }
  /// What of its work a picture shows.
  var shown: ShownColumn? { get }

  /// - Throws: `invalidParameter` where values do not go together.
  init(_ values: StageValues) throws(PointCloudError)

  /// - Parameter progress: told the share of the work that is done, on the caller's thread; answers whether to go on.
  /// - Throws: any `PointCloudError`; `cancelled`.
  func run(
    _ cloud: PointCloud, _ context: StageContext, progress: (Double) -> Bool
  ) throws(PointCloudError) -> StageResult
}

extension CloudStage {
  public var change: StageChange { .more }
  public var needsLengths: Bool { true }
  public var changesSystem: Bool { false }
  public var shown: ShownColumn? { nil }
}

/// What a cloud's picture is coloured by.
public enum ShownColumn: Hashable, Sendable {
  case classes
  /// An extra dimension whose values are great or small.
  case values(String)
  /// An extra dimension whose values are names, counted from 0; -1 is none.
  case labels(String)
}

/// What of a cloud is another after a stage. What stages of the first four do to a tile can be done to the file's own records, so that
/// they work on scans of any size.
public enum StageChange: Hashable, Sendable {
  /// Nothing but classes.
  case classes
  /// Points are left out.
  case points
  /// More is said of points, of so many bytes each as the stage alone decides.
  case columns
  /// Nothing: something is made of them, beside them.
  case nothing
  /// All else: points are moved, say.
  case more
}

/// How far a stage looks from a point.
public enum StageReach: Hashable, Sendable {
  /// Each point by itself.
  case point
  /// Points up to so far away in the plane, in the unit of the stage's lengths.
  case neighbourhood(halo: Double)
  /// As many points as these, wherever the nearest lie.
  case nearest(Int)
  case whole
}

/// What a stage knows beside the cloud.
public struct StageContext: Sendable {
  /// The most threads to use, the caller's own among them.
  public private(set) var threads: Int
  /// How many metres a step of one in x or y is where lengths are given in metres, else 1.
  public let metresPerUnit: Double
  /// What z is multiplied by to be measured as x and y are.
  public let heightFactor: Double
  /// Nil where the cloud does not say.
  public let system: CoordinateSystem?
  /// Where files may be written; nil where none may.
  public let folder: String?
  /// How many points the scan has, as far as that is known, which limits follow from.
  let scanPoints: Int
  /// Where the scan lies that clouds are of, or parts of; nil for just a cloud.
  private(set) var corners: ScanCorners?
  /// Whether clouds are of a tile, and of what lies around it (`TilePoints.cloud`).
  private(set) var isPart = false

  public init(
    threads: Int = 1, metresPerUnit: Double = 1, heightFactor: Double = 1, system: CoordinateSystem? = nil,
    folder: String? = nil, scanPoints: Int = 0
  ) {
    self.threads = max(1, threads)
    (self.metresPerUnit, self.heightFactor, self.system) = (metresPerUnit, heightFactor, system)
    (self.folder, self.scanPoints) = (folder, scanPoints)
  }

  /// The same for tiles.
  func ofPart(threads: Int) -> StageContext {
    var context = self
    (context.threads, context.isPart) = (max(1, threads), true)
    return context
  }

  /// The same for clouds of the scan that lies there.
  func within(_ corners: ScanCorners) -> StageContext {
    var context = self
    context.corners = corners
    return context
  }

  /// Where the scan lies that a cloud is of.
  func corners(_ cloud: PointCloud) -> ScanCorners { corners ?? ScanCorners(cloud) }

  /// How many points of a cloud there are to be told of.
  func count(_ cloud: PointCloud) -> Int { isPart ? cloud.ownFlags.count { $0 } : cloud.count }

  /// How many of them there are for which there is true.
  func count(_ flags: [Bool], of cloud: PointCloud) -> Int {
    guard isPart else { return flags.count { $0 } }
    return zip(flags, cloud.ownFlags).count { $0 && $1 }
  }

  /// A length of a parameter in the unit of x and y.
  func length(_ length: Double) -> Double { length / metresPerUnit }

  /// All places in the unit of x and y along each axis.
  func coordinates(_ cloud: PointCloud) throws(PointCloudError) -> Coordinates {
    let places = try cloud.coordinates(threads: threads)
    guard heightFactor != 1 else { return places }
    return try Coordinates.checked(x: places.x, y: places.y, z: places.z.map { $0 * heightFactor })
  }
}

/// What a stage made.
public struct StageResult {
  public var cloud: PointCloud
  /// What the summary is to say.
  public var facts: [String: StageValue]
  public var warnings: [String]
  /// The coordinate reference system that the cloud is in from now on; nil where that is as it was.
  public var system: CoordinateSystem?
  /// What was made beside the cloud, which is yet to be finished.
  var maps: MapFiles?

  public init(_ cloud: PointCloud, _ facts: [String: StageValue] = [:], warnings: [String] = []) {
    (self.cloud, self.facts, self.warnings) = (cloud, facts, warnings)
  }
}

/// The kinds of stages there are.
public enum StageCatalogue {
  static let stages: [any CloudStage.Type] = [
    ThinStage.self, OutliersStage.self, NormalsStage.self, FeaturesStage.self, ClustersStage.self, PlanesStage.self,
    GroundStage.self, HeightAboveGroundStage.self, ClassesStage.self,
    CropStage.self, ReprojectStage.self, RasterStage.self,
  ]

  public static var definitions: [StageDefinition] { stages.map { $0.definition } }
}
