public import StrataCore

/// What can be sold: the controller's view of the capabilities, which live on a floor above it.
public protocol CapabilityCatalogue: Sendable {
  /// Every capability, by its own name.
  var capabilities: [Capability] { get }

  /// The capability behind `name`, which is its own name or one it is sold under.
  ///
  /// - Throws: `notFound`, naming the nearest known name.
  func resolve(_ name: String) throws(StrataError) -> (capability: Capability, price: Price)

  /// Checks a job's parameters and fills in the defaults.
  ///
  /// - Parameters:
  ///   - parametersJSON: a JSON object's text.
  ///   - name: as the client wrote it, of a capability that `resolve` knows.
  /// - Returns: the object with every parameter that has a value, as JSON text.
  /// - Throws: `invalidInput`, naming the parameter or the wrong number of inputs.
  func check(_ parametersJSON: String, inputs: Int, of name: String) throws(StrataError) -> String

  /// The most units of its capability's meter that a job comes to, by what its parameters and its inputs say; nil where they do not.
  /// Reads the inputs' beginnings: it blocks.
  ///
  /// - Parameters:
  ///   - order: checked.
  ///   - paths: of its inputs, in order.
  ///   - awaited: names, or patterns of names, of inputs that other jobs are to make.
  func unitsMax(of order: WorkOrder, paths: [String], awaited: [String]) -> Int64?
}
