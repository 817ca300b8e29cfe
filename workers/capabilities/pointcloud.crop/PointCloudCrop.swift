import PointClouds
import StrataCore
import StrataWorker

/// Keeps the points of a scan in a box or a polygon, or all others: the stage `crop` as a job.
struct PointCloudCrop: PointCloudHandler {
  let definition = Catalogue.definition("pointcloud.crop")

  func run(_ context: AttemptContext) async throws(AttemptError) -> AttemptProduct {
    let stages = [try context.parameters.stage("crop")]
    return try context.processStages(stages, suffix: "cropped")
  }
}
