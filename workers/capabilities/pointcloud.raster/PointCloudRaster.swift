import PointClouds
import StrataCore
import StrataWorker

/// Makes maps of a scan: `PointClouds.RasterPipeline` as a job.
struct PointCloudRaster: PointCloudHandler {
  let definition = Catalogue.definition("pointcloud.raster")

  func run(_ context: AttemptContext) async throws(AttemptError) -> AttemptProduct {
    let parameters = try Self.parameters(context.parameters)
    return try context.processScan(
      whole: { (input, finished) throws(PointCloudError) in
        try RasterPipeline.run(
          input: input, outputDirectory: context.outputFolder, parameters: parameters, threads: context.cores,
          finished: finished, checkpointFolder: context.checkpointFolder,
          progress: { context.progress($1, stage: $0) }, isCancelled: { context.isCancelled })
      },
      part: { (part, input) throws(PointCloudError) in
        try RasterPipeline.runPart(
          part, input: input, outputDirectory: context.outputFolder, parameters: parameters, threads: context.cores,
          checkpointFolder: context.checkpointFolder,
          progress: { context.progress($1, stage: $0) }, isCancelled: { context.isCancelled })
      })
  }

  private static func parameters(_ given: Parameters) throws(AttemptError) -> RasterParameters {
    var parameters = RasterParameters(
      reach: try given.number("reach"), gap: try given.number("gap"),
      contourInterval: try given.number("contour_interval"), filter: try GroundParameters(given))
    parameters.products = []
    for name in try given.strings("products") {
      guard let product = RasterProduct(rawValue: name) else { throw .invalidInput("there is no product '\(name)'") }
      parameters.products.append(product)
    }
    if let method = try given.choice("method", of: RasterParameters.Method.self) { parameters.method = method }
    if let ground = try given.choice("ground", of: RasterParameters.Ground.self) { parameters.ground = ground }
    return parameters
  }
}
