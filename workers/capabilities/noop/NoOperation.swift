import StrataCore
import StrataWorker

/// Does nothing: what remains is the cost of the way.
struct NoOperation: CapabilityHandler {
  let definition = Catalogue.definition("noop")

  func run(_ context: AttemptContext) async throws(AttemptError) -> AttemptProduct { AttemptProduct() }
}
