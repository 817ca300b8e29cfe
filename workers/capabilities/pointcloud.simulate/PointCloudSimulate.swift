import PointClouds
import StrataCore
import StrataWorker

/// Makes up a scan, with the truth about every point: `PointClouds.SimulationPipeline` as a job.
struct PointCloudSimulate: PointCloudHandler {
  let definition = Catalogue.definition("pointcloud.simulate")

  func run(_ context: AttemptContext) async throws(AttemptError) -> AttemptProduct {
    let parameters = try Self.parameters(context.parameters)
    return try context.processing { () throws(PointCloudError) in
      try SimulationPipeline.run(
        outputDirectory: context.outputFolder, parameters: parameters, threads: context.cores,
        progress: { context.progress($1, stage: $0) }, isCancelled: { context.isCancelled })
    }
  }

  /// The points that it makes.
  func bound(_ parameters: Parameters, _ inputs: [InputFile], awaited: [String]) -> UnitBound? {
    guard let asked = try? Self.parameters(parameters), (try? asked.validate()) != nil else { return nil }
    return UnitBound(Int64(asked.pointsMax), isExact: false)
  }

  private static func parameters(_ given: Parameters) throws(AttemptError) -> SimulationParameters {
    let (width, length) = (try given.number("width"), try given.number("length"))
    let points = try given.optionalInteger("points") ?? 1_000_000
    var parameters = SimulationParameters(
      seed: UInt64(max(0, try given.optionalInteger("seed") ?? 1)),
      extent: width > 0 && length > 0 ? .site(width: width, length: length) : .points(points),
      density: try given.number("density"), pointFormat: try given.optionalInteger("point_format") ?? 6,
      isCompressed: try given.optionalString("format") != "las", hasWater: try given.boolean("water"),
      hasPowerLines: try given.boolean("power_lines"), hasRoads: try given.boolean("roads"))
    if try !given.boolean("noise") { (parameters.highNoiseRate, parameters.lowNoiseRate) = (0, 0) }
    return parameters
  }
}
