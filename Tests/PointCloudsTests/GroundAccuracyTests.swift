import PointClouds
import Testing

/// How well is ground found that somebody else has marked?
@Suite struct GroundAccuracyTests {
  /// A sample of the ISPRS filter test. Its site is the first digit of its number.
  private struct Sample {
    let name: String
    let site: String
    let cloud: PointCloud
    let truth: [Bool]

    init(path: String) throws {
      name = String(path.suffix(6).prefix(2))
      site = String(name.prefix(1))
      cloud = try PointCloud.read(path: path)
      truth = cloud.classifications().map { $0 == PointClass.ground }
    }

    func score(_ method: GroundMethod) throws -> Confusion {
      Confusion(truth, try cloud.classifyGround(method, threads: 2).classes.map { $0 == PointClass.ground })
    }
  }

  private func readSamples() throws -> [Sample] {
    let samples = try SharedData.files(in: "lidar/isprs", endings: [".las"]).map { try Sample(path: $0) }
    #expect(samples.count == 8)
    return samples
  }

  private func mean(_ scores: [Confusion]) -> (error: Double, kappa: Double) {
    let count = Double(scores.count)
    return (
      scores.map { 1 - $0.agreement }.reduce(0, +) / count, scores.map(\.kappa).reduce(0, +) / count
    )
  }

  private func percent(_ value: Double) -> String { "\((value * 10_000).rounded() / 100) %" }

  /// Settings of the rule that might have been chosen, around the default.
  private var rules: [AutomaticGroundParameters] {
    [0.06, 0.08, 0.1].flatMap { slopeMin in
      [0.005, 0.0075, 0.01].flatMap { slopeTimesObjects in
        [0.2, 0.3].flatMap { growth in
          [1.25, 1.5].map { scalar in
            AutomaticGroundParameters(
              slopeMin: slopeMin, slopeTimesObjects: slopeTimesObjects, scalar: scalar, growth: growth)
          }
        }
      }
    }
  }

  /// The rule is fitted on all sites but one and tried on that one, for each site in turn. Nothing is chosen by a
  /// sample's own marks.
  @Test func `automatic parameters hold where they were not fitted`() throws {
    guard !SharedData.isAbsent else { return }
    let samples = try readSamples()
    let rules = rules
    let scores = try samples.map { try scoresByRule($0, rules) }
    var held: [Confusion] = []
    for (index, sample) in samples.enumerated() {
      let others = samples.indices.filter { samples[$0].site != sample.site }
      let best = rules.indices.min { a, b in
        mean(others.map { scores[$0][a] }).error < mean(others.map { scores[$0][b] }).error
      }
      let choice = try #require(best)
      let rule = rules[choice]
      let score = scores[index][choice]
      held.append(score)
      print(
        "ISPRS \(sample.name), fitted without its site: total error \(percent(1 - score.agreement)), kappa "
          + "\(percent(score.kappa)); slope_min \(rule.slopeMin), slope_times_objects \(rule.slopeTimesObjects), "
          + "growth \(rule.growth), scalar \(rule.scalar)")
    }
    let result = mean(held)
    print("ISPRS, leave one site out: mean total error \(percent(result.error)), mean kappa \(percent(result.kappa))")
    #expect(result.error <= 0.035)
    #expect(result.kappa >= 0.88)
  }

  /// One score for each rule; those that come to the same parameters are found once.
  private func scoresByRule(_ sample: Sample, _ rules: [AutomaticGroundParameters]) throws -> [Confusion] {
    let measured = try sample.cloud.automaticGround(threads: 2)
    var known: [GroundParameters: Confusion] = [:]
    return try rules.map { rule in
      var parameters = measured.parameters
      parameters.slope = rule.slope(objectShare: measured.objectShare)
      (parameters.growth, parameters.scalar) = (rule.growth, rule.scalar)
      if let score = known[parameters] { return score }
      let score = try sample.score(.simple(parameters))
      known[parameters] = score
      return score
    }
  }

  /// The floors are what was measured, and a little.
  @Test(arguments: [
    (GroundMethod.automatic(AutomaticGroundParameters()), 0.031, 0.915),
    (GroundMethod.simple(GroundParameters(slope: 0.08, scalar: 1.5, growth: 0.3)), 0.034, 0.89),
    (GroundMethod.progressive(ProgressiveGroundParameters()), 0.065, 0.81),
    (GroundMethod.cloth(ClothParameters()), 0.082, 0.77),
  ]) func `each method finds the ground of the ISPRS samples`(method: GroundMethod, error: Double, kappa: Double) throws
  {
    guard !SharedData.isAbsent else { return }
    let samples = try readSamples()
    let scores = try samples.map { try $0.score(method) }
    let result = mean(scores)
    let each = zip(samples, scores).map { "\($0.name) \(percent(1 - $1.agreement))" }.joined(separator: ", ")
    print("ISPRS, \(method.name): total error \(percent(result.error)), kappa \(percent(result.kappa)); \(each)")
    #expect(result.error <= error)
    #expect(result.kappa >= kappa)
  }
}
