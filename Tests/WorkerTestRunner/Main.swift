import Capabilities
import StrataWorker

/// A runner with the product's capabilities and some that misbehave, for the tests of the worker.
@main
struct Main {
  static func main() { Runner.main(handlers: Catalogue.handlers + Mischief.all) }
}
