import PointClouds
import StrataCore
import StrataWorker

/// Finds the ground in a scan: `PointClouds.GroundPipeline` as a job.
struct PointCloudGround: PointCloudHandler {
  let definition = Catalogue.definition("pointcloud.ground")

  func run(_ context: AttemptContext) async throws(AttemptError) -> AttemptProduct {
    let parameters = try GroundParameters(context.parameters)
    let method = try context.parameters.choice("method", of: GroundMethod.Name.self) ?? .smrf
    return try context.processScan(
      whole: { (input, finished) throws(PointCloudError) in
        try GroundPipeline.run(
          input: input, outputDirectory: context.outputFolder, parameters: parameters, method: method,
          threads: context.cores, finished: finished, checkpointFolder: context.checkpointFolder,
          progress: { context.progress($1, stage: $0) }, isCancelled: { context.isCancelled })
      },
      part: { (part, input) throws(PointCloudError) in
        try GroundPipeline.runPart(
          part, input: input, outputDirectory: context.outputFolder, parameters: parameters, method: method,
          threads: context.cores, checkpointFolder: context.checkpointFolder,
          progress: { context.progress($1, stage: $0) }, isCancelled: { context.isCancelled })
      })
  }
}
