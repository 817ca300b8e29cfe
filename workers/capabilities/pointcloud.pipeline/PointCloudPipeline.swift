import PointClouds
import StrataCore
import StrataWorker

/// Runs a list of stages: `PointClouds.StagesPipeline` as a job.
struct PointCloudPipeline: PointCloudHandler {
  let definition = Catalogue.definition("pointcloud.pipeline")

  func run(_ context: AttemptContext) async throws(AttemptError) -> AttemptProduct {
    let stages = try context.parameters.stages("stages")
    return try context.processStages(stages, suffix: "processed")
  }
}
