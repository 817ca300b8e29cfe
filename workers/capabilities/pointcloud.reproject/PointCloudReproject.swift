import PointClouds
import StrataCore
import StrataWorker

/// Gives the points of a scan coordinates of another reference system: the stage `reproject` as a job.
struct PointCloudReproject: PointCloudHandler {
  let definition = Catalogue.definition("pointcloud.reproject")

  func run(_ context: AttemptContext) async throws(AttemptError) -> AttemptProduct {
    let stages = [try context.parameters.stage("reproject")]
    return try context.processStages(stages, suffix: "reprojected")
  }
}
