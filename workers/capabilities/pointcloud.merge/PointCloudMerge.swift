import PointClouds
import StrataCore
import StrataWorker

/// Makes one scan of several: `PointClouds.MergePipeline` as a job.
struct PointCloudMerge: PointCloudHandler {
  let definition = Catalogue.definition("pointcloud.merge")

  func run(_ context: AttemptContext) async throws(AttemptError) -> AttemptProduct {
    let parameters = try Self.parameters(context.parameters)
    return try context.processInputs { (inputs) throws(PointCloudError) in
      try MergePipeline.run(
        inputs: inputs, outputDirectory: context.outputFolder, parameters: parameters, threads: context.cores,
        progress: { context.progress($1, stage: $0) }, isCancelled: { context.isCancelled })
    }
  }

  private static func parameters(_ given: Parameters) throws(AttemptError) -> MergeParameters {
    var parameters = MergeParameters()
    if let format = try given.choice("format", of: ScanFormat.self) { parameters.format = format }
    return parameters
  }
}
