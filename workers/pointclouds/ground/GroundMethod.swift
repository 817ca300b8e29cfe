/// How ground is found.
public enum GroundMethod: Hashable, Sendable {
  /// The simple morphological filter with parameters that are given.
  case simple(GroundParameters)
  /// The simple morphological filter with parameters that follow from the scan.
  case automatic(AutomaticGroundParameters)
  /// The progressive morphological filter.
  case progressive(ProgressiveGroundParameters)
  /// The cloth simulation filter.
  case cloth(ClothParameters)

  /// What methods are called in orders and summaries.
  public enum Name: String, Codable, Sendable, CaseIterable {
    case smrf
    case auto
    case pmf
    case cloth
  }

  public var name: Name {
    switch self {
    case .simple: .smrf
    case .automatic: .auto
    case .progressive: .pmf
    case .cloth: .cloth
    }
  }

  /// A method by its name. Only the simple filter takes all parameters; the others take `selection` from them and
  /// have their own defaults, which are in metres.
  ///
  /// - Parameter metresPerUnit: how many metres a step of one in x, y and z is. `parameters` are in that unit
  ///   already.
  public init(_ name: Name, _ parameters: GroundParameters, metresPerUnit: Double) {
    let selection = parameters.selection
    switch name {
    case .smrf: self = .simple(parameters)
    case .auto: self = .automatic(AutomaticGroundParameters(metresPerUnit: metresPerUnit, selection: selection))
    case .pmf:
      self = .progressive(ProgressiveGroundParameters(selection: selection).converted(metresPerUnit: metresPerUnit))
    case .cloth: self = .cloth(ClothParameters(selection: selection).converted(metresPerUnit: metresPerUnit))
    }
  }

  /// - Throws: `invalidParameter`, naming the parameter and its range.
  public func validate() throws(PointCloudError) {
    switch self {
    case .simple(let parameters): try parameters.validate()
    case .automatic(let parameters): try parameters.validate()
    case .progressive(let parameters): try parameters.validate()
    case .cloth(let parameters): try parameters.validate()
    }
  }

  /// How far around a place decides on it, about, in the unit of the coordinates: two of the largest discs, and some cells for what
  /// fills gaps; a cloth has no such bound, and is taken to be settled by the cells around.
  var reach: Double {
    let cells = 16.0
    return switch self {
    case .simple(let parameters): 2 * parameters.window + cells * parameters.cell
    case .automatic(let rule): (2 * rule.windowMax + cells * AutomaticGroundParameters.cellMin) / rule.metresPerUnit
    case .progressive(let parameters): 2 * parameters.window + cells * parameters.cell
    case .cloth(let parameters): 2 * cells * parameters.cell
    }
  }

  /// The same method, where all cells are allowed that `cellsMax` allows.
  var withoutLimitsByPoints: GroundMethod {
    func lifted(_ selection: GroundSelection) -> GroundSelection {
      var selection = selection
      selection.cellsAlwaysAllowed = selection.cellsMax
      return selection
    }
    switch self {
    case .simple(var parameters):
      parameters.cellsAlwaysAllowed = parameters.cellsMax
      return .simple(parameters)
    case .automatic(var rule):
      rule.selection = lifted(rule.selection)
      return .automatic(rule)
    case .progressive(var parameters):
      parameters.selection = lifted(parameters.selection)
      return .progressive(parameters)
    case .cloth(var parameters):
      parameters.selection = lifted(parameters.selection)
      return .cloth(parameters)
    }
  }

  var returns: GroundParameters.Returns {
    switch self {
    case .simple(let parameters): parameters.returns
    case .automatic(let parameters): parameters.selection.returns
    case .progressive(let parameters): parameters.selection.returns
    case .cloth(let parameters): parameters.selection.returns
    }
  }
}

extension PointCloud {
  /// Finds the ground by a method of choice, such as `.cloth(ClothParameters())`.
  ///
  /// - Parameters:
  ///   - method: with lengths in the unit of the coordinates, but for those of `.automatic`, which knows that unit.
  ///   - progress: told how far the work is, 0 to 1, on the caller's thread; answers whether to go on.
  /// - Throws: `invalidParameter`, `empty`, `limitExceeded`, `cancelled`.
  public func classifyGround(
    _ method: GroundMethod, threads: Int = 1, progress: (Double) -> Bool = { _ in true }
  ) throws(PointCloudError) -> GroundClassification {
    try classifyGround(Positions(self, threads: threads), method, threads: threads, progress: progress)
  }

  func classifyGround(
    _ positions: Positions, _ method: GroundMethod, threads: Int, progress: (Double) -> Bool
  ) throws(PointCloudError) -> GroundClassification {
    try method.validate()
    let old = classifications(threads: threads)
    let isCandidate = candidates(old, method.returns, threads: threads)
    let result = try withoutActuallyEscaping(progress) { (progress) throws(PointCloudError) in
      try method.find(positions, isCandidate, threads: threads, progress: progress)
    }
    let classes = zip(result.isGround, old).map { isGround, old in
      isGround ? PointClass.ground : PointClass.isNoise(old) ? old : PointClass.unclassified
    }
    return GroundClassification(
      classes: classes, groundCount: result.isGround.count { $0 }, frame: result.frame)
  }
}

/// Where the places of candidates lie, and what a filter found there.
struct FoundGround {
  let frame: GridFrame
  /// For each point, whether it is ground.
  let isGround: [Bool]
}

extension GroundMethod {
  /// How much of the work of the automatic method is over once its parameters are known.
  private static let measuringShare = 0.5

  func find(
    _ positions: Positions, _ isCandidate: [Bool], threads: Int, progress: @escaping (Double) -> Bool
  ) throws(PointCloudError) -> FoundGround {
    switch self {
    case .simple(let parameters):
      return try GroundFilter(parameters: parameters, threads: threads, progress: progress)
        .run(positions, isCandidate: isCandidate)
    case .automatic(let rule):
      let share = Self.measuringShare
      let found = try GroundMeasurement(rule: rule, threads: threads) { progress(share * $0) }
        .measure(positions, isCandidate: isCandidate)
      return try GroundFilter(parameters: found.parameters, threads: threads) { progress(share + (1 - share) * $0) }
        .run(positions, isCandidate: isCandidate)
    case .progressive(let parameters):
      return try ProgressiveFilter(parameters: parameters, threads: threads, progress: progress)
        .run(positions, isCandidate: isCandidate)
    case .cloth(let parameters):
      return try ClothFilter(parameters: parameters, threads: threads, progress: progress)
        .run(positions, isCandidate: isCandidate)
    }
  }
}
