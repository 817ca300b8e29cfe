import Numerics

/// Measures a scan for the rule.
struct GroundMeasurement {
  let rule: AutomaticGroundParameters
  let threads: Int
  let progress: (Double) -> Bool

  /// Points so far above a first terrain stand on it, whatever the terrain, in metres.
  private static let objectHeight = 2.0
  /// The slope of the first terrain, that of the paper for all its samples.
  private static let firstSlope = 0.15
  /// So small a share of the cells with points may be missed by a smaller window.
  private static let shareMissedMax = 0.005

  /// - Throws: `empty` without candidates, `limitExceeded`, `cancelled`.
  func measure(_ positions: Positions, isCandidate: [Bool]) throws(PointCloudError) -> AutomaticGround {
    let metres = rule.metresPerUnit
    let limit = rule.selection.cellsLimit(points: positions.count)
    let least = AutomaticGroundParameters.cellMin / metres
    var surface = try LowestSurface(positions, isCandidate, cell: least, limit: limit)
    let spacing = surface.spacing(positions, isCandidate)
    let cell = max(least, (spacing * metres).rounded(.down) / 2 / metres)
    if cell > least { surface = try LowestSurface(positions, isCandidate, cell: cell, limit: limit) }
    let first = GroundParameters(
      cell: cell, slope: Self.firstSlope, window: rule.windowMax / metres, threshold: rule.threshold / metres,
      scalar: rule.scalar / metres, growth: 0, selection: rule.selection)
    var removed: [Int] = []
    let filter = GroundFilter(parameters: first, threads: threads, progress: progress)
    let terrain = try filter.terrain(surface, positions, isCandidate) { removed.append($0) }
    let known = Double(surface.heights.values.count { !$0.isNaN })
    let shares = removed.map { Double($0) / known }
    let objects = objectShare(positions, isCandidate, surface, terrain)
    let parameters = GroundParameters(
      cell: cell, slope: rule.slope(objectShare: objects), window: window(shares, cell: cell),
      threshold: first.threshold,
      scalar: first.scalar, growth: rule.growth / metres, selection: rule.selection)
    let removedShare = shares.last ?? 0
    return AutomaticGround(
      parameters: parameters, spacing: spacing, objectShare: objects, removedShare: removedShare,
      reasons: reasons(parameters, spacing: spacing, objects: objects, removed: removedShare))
  }

  private func objectShare(
    _ positions: Positions, _ isCandidate: [Bool], _ surface: LowestSurface, _ terrain: Grid<Float>
  ) -> Double {
    let height = Float(Self.objectHeight / rule.metresPerUnit)
    let isObject = parallelMap(positions.count, threads: threads) { index in
      isCandidate[index] && surface.residual(positions, index, terrain) > height
    }
    return Double(isObject.count { $0 }) / Double(isCandidate.count { $0 })
  }

  /// The smallest radius beyond which openings find next to nothing more.
  ///
  /// - Parameter shares: of the cells with points, those that were removed by a disc of 1, 2, … cells or a smaller
  ///   one.
  private func window(_ shares: [Double], cell: Double) -> Double {
    let enough = shares.firstIndex { (shares.last ?? 0) - $0 <= Self.shareMissedMax } ?? 0
    let range = rule.windowMin / rule.metresPerUnit...rule.windowMax / rule.metresPerUnit
    return min(range.upperBound, max(range.lowerBound, Double(enough + 1) * cell))
  }

  private func reasons(
    _ parameters: GroundParameters, spacing: Double, objects: Double, removed: Double
  ) -> [String] {
    func short(_ value: Double, _ scale: Double = 1) -> String { "\((value * scale * 10_000).rounded() / 10_000)" }
    let metres = rule.metresPerUnit
    return [
      "cell \(short(parameters.cell, metres)) m: points are \(short(spacing, metres)) m apart, and a cell is half of that, "
        + "in steps of half a metre, of at least \(short(AutomaticGroundParameters.cellMin)) m",
      "slope \(short(parameters.slope)): \(short(objects, 100)) % of the points stand more than "
        + "\(short(Self.objectHeight)) m above a first terrain; the slope is \(short(rule.slopeTimesObjects)) by that share, "
        + "from \(short(rule.slopeMin)) to \(short(rule.slopeMax))",
      "window \(short(parameters.window, metres)) m: discs up to \(short(rule.windowMax)) m remove \(short(removed, 100)) % of "
        + "the cells with points, and those up to this radius all but \(short(Self.shareMissedMax, 100)) % of the cells; it is at "
        + "least \(short(rule.windowMin)) m",
    ]
  }
}
