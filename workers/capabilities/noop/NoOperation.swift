import StrataCore
import StrataWorker

/// Does nothing: what remains is the cost of the way.
struct NoOperation: InlineHandler {
  let definition = Catalogue.definition("noop")

  func run(_ parameters: Parameters) -> AttemptProduct { AttemptProduct() }
}
