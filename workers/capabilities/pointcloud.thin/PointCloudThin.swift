import PointClouds
import StrataCore
import StrataWorker

/// Thins a scan: the stage `thin` as a job.
struct PointCloudThin: PointCloudHandler {
  let definition = Catalogue.definition("pointcloud.thin")

  func run(_ context: AttemptContext) async throws(AttemptError) -> AttemptProduct {
    let stages = [try context.parameters.stage("thin")]
    return try context.processStages(stages, suffix: "thinned")
  }
}
