import StrataCore
import StrataWorker

struct PointCloudGround: CapabilityHandler {
  let definition = Catalogue.definition("pointcloud.ground")
  func run(_ context: AttemptContext) async throws(AttemptError) -> AttemptProduct { AttemptProduct() }
}
