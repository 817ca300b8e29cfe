import PointClouds
import StrataCore
import StrataWorker

/// Numbers planes: the stage `planes` as a job.
struct PointCloudPlanes: PointCloudHandler {
  let definition = Catalogue.definition("pointcloud.planes")

  func run(_ context: AttemptContext) async throws(AttemptError) -> AttemptProduct {
    let stages = [try context.parameters.stage("planes")]
    return try context.processStages(stages, suffix: "planes")
  }
}
