import Numerics

/// Finds points that stand alone, and marks or removes them.
struct OutliersStage: CloudStage {
  enum Method: String, CaseIterable { case statistical, radius }
  enum Action: String, CaseIterable { case mark, remove }

  static let definition = StageDefinition(
    name: "outliers", summary: "Marks or removes points that are far from all others",
    parameters: [
      .choice(
        "method",
        "By the mean distance to neighbours (statistical), or the number of near neighbours (radius)",
        Method.statistical),
      .integer(
        "neighbours", "Of statistical: how many neighbours count; of radius: how many a point needs", 16,
        in: 1...neighboursMax),
      .number(
        "deviations", "Of statistical: how many standard deviations above the mean are allowed", 2, in: 0.01...100),
      .length("radius", "Of radius: how far neighbours may be, in the unit of lengths", 1),
      .choice("action", "Whether outliers get a class (mark) or go (remove)", Action.mark),
      .integer("class", "Of mark: the class that they get: 7 low noise, 18 high noise", 7, in: 0...255),
    ])

  let values: StageValues
  private let method: Method
  private let action: Action

  init(_ values: StageValues) throws(PointCloudError) {
    self.values = values
    (method, action) = (values.choice("method"), values.choice("action"))
  }

  var shown: ShownColumn? { .classes }
  var change: StageChange { action == .mark ? .classes : .points }
  var reach: StageReach { method == .radius ? .neighbourhood(halo: values.number("radius")) : .whole }

  func run(
    _ cloud: PointCloud, _ context: StageContext, progress: (Double) -> Bool
  ) throws(PointCloudError) -> StageResult {
    let tree = KDTree(try context.coordinates(cloud), threads: context.threads)
    let isOutlier: [Bool]
    switch method {
    case .statistical:
      isOutlier = try StatisticalOutliers(
        neighbours: values.integer("neighbours"), deviations: values.number("deviations")
      ).find(in: tree, threads: context.threads, keepGoing: { progress(0.5) })
    case .radius:
      isOutlier = try RadiusOutliers(
        radius: context.length(values.number("radius")), neighbours: values.integer("neighbours")
      ).find(in: tree, threads: context.threads, keepGoing: { progress(0.5) })
    }
    let facts: [String: StageValue] = ["outliers": .integer(context.count(isOutlier, of: cloud))]
    guard action == .mark else {
      return StageResult(try cloud.keeping(where: isOutlier.map { !$0 }, threads: context.threads), facts)
    }
    let noise = UInt8(values.integer("class"))
    let classes = zip(cloud.classifications(threads: context.threads), isOutlier).map { $1 ? noise : $0 }
    return StageResult(try cloud.setting(classifications: classes, threads: context.threads), facts)
  }
}
