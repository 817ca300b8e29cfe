import PointClouds
import StrataCore
import StrataWorker

/// Marks or removes outliers: the stage `outliers` as a job.
struct PointCloudOutliers: PointCloudHandler {
  let definition = Catalogue.definition("pointcloud.outliers")

  func run(_ context: AttemptContext) async throws(AttemptError) -> AttemptProduct {
    let stages = [try context.parameters.stage("outliers")]
    return try context.processStages(stages, suffix: "cleaned")
  }
}
