import PointClouds
import StrataCore
import StrataWorker

/// Numbers clusters: the stage `clusters` as a job.
struct PointCloudClusters: PointCloudHandler {
  let definition = Catalogue.definition("pointcloud.clusters")

  func run(_ context: AttemptContext) async throws(AttemptError) -> AttemptProduct {
    let stages = [try context.parameters.stage("clusters")]
    return try context.processStages(stages, suffix: "clusters")
  }
}
