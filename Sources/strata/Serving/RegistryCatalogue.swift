import Capabilities
import StrataControl
import StrataCore
import StrataWorker

/// This build's capabilities, as the controller sees them.
struct RegistryCatalogue: CapabilityCatalogue {
  private let registry: CapabilityRegistry
  private let meters: [String: any MeteredHandler]

  init() throws(StrataError) {
    registry = try Catalogue.registry()
    meters = Dictionary(Catalogue.meteredHandlers.map { ($0.definition.name, $0) }) { first, _ in first }
  }

  var capabilities: [Capability] { registry.capabilities }

  func resolve(_ name: String) throws(StrataError) -> (capability: Capability, price: Price) {
    do throws(CapabilityRequestError) {
      let offer = try registry.offer(named: name)
      return (offer.capability, offer.price)
    } catch {
      throw error.asStrataError
    }
  }

  func check(_ parametersJSON: String, inputs: Int, of name: String) throws(StrataError) -> String {
    do throws(CapabilityRequestError) {
      return try registry.validate(capability: name, parametersJSON: parametersJSON, inputs: inputs)
        .parametersJSON
    } catch {
      throw error.asStrataError
    }
  }

  func unitsMax(of order: WorkOrder, paths: [String], awaited: [String]) -> Int64? {
    guard let meter = meters[order.capability], let parameters = try? Parameters(json: order.parametersJSON) else {
      return nil
    }
    let inputs = zip(order.inputs, paths).map { input, path in
      InputFile(name: input.name, path: path, digest: input.digest, sizeBytes: input.sizeBytes)
    }
    return meter.bound(parameters, inputs, awaited: awaited)?.most
  }
}
