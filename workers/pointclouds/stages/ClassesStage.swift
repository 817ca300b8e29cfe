/// Keeps points of some classes and returns, or all others.
struct ClassesStage: CloudStage {
  enum Action: String, CaseIterable { case keep, drop }
  enum Returns: String, CaseIterable { case any, first, last, only }

  static let definition = StageDefinition(
    name: "classes", summary: "Keeps or drops points by class and return",
    parameters: [
      .choice("action", "Whether the points that fit are kept, or dropped", Action.keep),
      .integers("classes", "The classes that fit; none means any", [], in: 0...255),
      .choice("returns", "The returns that fit: any, first, last, or the only one of its pulse", Returns.any),
    ])

  let values: StageValues
  private let action: Action
  private let returns: Returns

  init(_ values: StageValues) throws(PointCloudError) {
    self.values = values
    (action, returns) = (values.choice("action"), values.choice("returns"))
    guard !values.integers("classes").isEmpty || returns != .any else {
      throw PointCloudError(
        .invalidParameter, "neither classes nor returns are chosen", remedy: "Name some, or leave the stage out.")
    }
  }

  var shown: ShownColumn? { .classes }
  var change: StageChange { .points }
  var reach: StageReach { .point }
  var needsLengths: Bool { false }

  func run(
    _ cloud: PointCloud, _ context: StageContext, progress: (Double) -> Bool
  ) throws(PointCloudError) -> StageResult {
    guard progress(0) else { throw .cancelled }
    let wanted = Set(values.integers("classes").map { UInt8($0) })
    let classes = cloud.classifications(threads: context.threads)
    let numbers = cloud.returnNumbers(threads: context.threads)
    let counts = cloud.returnCounts(threads: context.threads)
    let keeps = action == .keep
    let isKept = classes.indices.map { index in
      (wanted.isEmpty || wanted.contains(classes[index])) && fits(numbers[index], counts[index]) == true
        ? keeps : !keeps
    }
    let kept = try cloud.keeping(where: isKept, threads: context.threads)
    return StageResult(kept, ["removed": .integer(context.count(cloud) - context.count(kept))])
  }

  /// A file that does not count returns, and so says 0, has single ones.
  private func fits(_ number: UInt8, _ count: UInt8) -> Bool {
    switch returns {
    case .any: true
    case .first: number <= 1
    case .last: number >= count
    case .only: count <= 1
    }
  }
}
