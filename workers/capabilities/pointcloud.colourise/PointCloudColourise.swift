import PointClouds
import StrataCore
import StrataWorker

/// Gives a scan the colours of an orthophoto: `PointClouds.ColourPipeline` as a job.
struct PointCloudColourise: PointCloudHandler {
  let definition = Catalogue.definition("pointcloud.colourise")

  func run(_ context: AttemptContext) async throws(AttemptError) -> AttemptProduct {
    let parameters = try Self.parameters(context.parameters)
    return try context.processInputs { (inputs) throws(PointCloudError) in
      try ColourPipeline.run(
        inputs: inputs, outputDirectory: context.outputFolder, parameters: parameters, threads: context.cores,
        progress: { context.progress($1, stage: $0) }, isCancelled: { context.isCancelled })
    }
  }

  private static func parameters(_ given: Parameters) throws(AttemptError) -> ColourParameters {
    var parameters = ColourParameters()
    if let sampling = try given.choice("sampling", of: PixelSampling.self) { parameters.sampling = sampling }
    if let format = try given.choice("format", of: ScanFormat.self) { parameters.format = format }
    return parameters
  }
}
