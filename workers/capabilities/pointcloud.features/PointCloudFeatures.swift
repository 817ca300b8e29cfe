import PointClouds
import StrataCore
import StrataWorker

/// Adds normals and eigen-features: the stages `normals` and `features` as a job.
struct PointCloudFeatures: PointCloudHandler {
  let definition = Catalogue.definition("pointcloud.features")

  func run(_ context: AttemptContext) async throws(AttemptError) -> AttemptProduct {
    var stages: [StageRequest] = []
    for name in ["normals", "features"] where try context.parameters.boolean(name) {
      stages.append(try context.parameters.stage(name))
    }
    guard !stages.isEmpty else { throw .invalidInput("neither normals nor features are asked for") }
    return try context.processStages(stages, suffix: "features")
  }
}
