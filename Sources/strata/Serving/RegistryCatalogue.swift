import Capabilities
import StrataControl
import StrataCore
import StrataWorker

/// This build's capabilities, as the controller sees them.
struct RegistryCatalogue: CapabilityCatalogue {
  private let registry: CapabilityRegistry

  init() throws(StrataError) { registry = try Catalogue.registry() }

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
    let inputs = zip(order.inputs, paths).map { input, path in
      InputFile(name: input.name, path: path, digest: input.digest, sizeBytes: input.sizeBytes)
    }
    return Catalogue.bound(
      of: order.capability, parametersJSON: order.parametersJSON, inputs: inputs, awaited: awaited)?.most
  }
}
