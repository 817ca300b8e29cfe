import FoundationEssentials
public import StrataCore

/// The capabilities on offer, by name and by the names they are sold under. A value, made once at start.
public struct CapabilityRegistry: Sendable {
  /// In order of their names.
  public let capabilities: [Capability]
  private let offers: [String: Offer]

  /// A capability under one of its names.
  public struct Offer: Hashable, Sendable {
    /// As the client asked for it.
    public let name: String
    public let price: Price
    public let capability: Capability
  }

  /// - Throws: `conflict` if two capabilities claim one name.
  public init(_ capabilities: [Capability]) throws(StrataError) {
    self.capabilities = capabilities.sorted { $0.name < $1.name }
    var offers: [String: Offer] = [:]
    for capability in self.capabilities {
      let own = Offer(name: capability.name, price: capability.price, capability: capability)
      let listed = capability.soldAs.map { Offer(name: $0.name, price: $0.price, capability: capability) }
      for offer in [own] + listed where offers.updateValue(offer, forKey: offer.name) != nil {
        throw StrataError(
          .conflict, "two capabilities are called '\(offer.name)'", remedy: "rename one in its capability.json")
      }
    }
    self.offers = offers
  }

  /// Every name a client may ask for, in order.
  public var names: [String] { offers.keys.sorted() }

  /// - Throws: `unknownCapability`, with the nearest known name.
  public func offer(named name: String) throws(CapabilityRequestError) -> Offer {
    guard let offer = offers[name] else {
      throw .unknownCapability(name, nearest: Spelling.nearest(to: name, among: names))
    }
    return offer
  }

  /// Checks what a client asks for and fills in the defaults.
  ///
  /// - Parameters:
  ///   - parametersJSON: a JSON object's text; empty stands for `{}`.
  ///   - inputs: how many input files the client gives.
  public func validate(capability name: String, parametersJSON: String, inputs: Int)
    throws(CapabilityRequestError) -> CheckedRequest
  {
    let offer = try offer(named: name)
    let given = try Self.members(of: parametersJSON)
    let filled = try ParameterCheck(definitions: offer.capability.parameters, askedAs: name).fill(given)
    guard offer.capability.inputs.contains(inputs) else {
      throw .inputCount(inputs, capability: name, allowed: offer.capability.inputs)
    }
    return CheckedRequest(offer: offer, parametersJSON: JSONValue.object(filled).description)
  }

  private static func members(of json: String) throws(CapabilityRequestError) -> [String: JSONValue] {
    if json.isEmpty { return [:] }
    do {
      return try JSONDecoder().decode([String: JSONValue].self, from: Data(json.utf8))
    } catch {
      throw .notAnObject
    }
  }
}

/// A request that a capability can take.
public struct CheckedRequest: Hashable, Sendable {
  public let offer: CapabilityRegistry.Offer
  /// With defaults filled in, as a JSON object's text with its keys in order.
  public let parametersJSON: String
}
