package import StrataCore

/// Holds an attempt to the units that its job is held for: nobody is given work that was said to be less.
package struct AttemptMeter {
  private let handler: any CapabilityHandler
  /// Nil where nothing is counted, or nobody pays.
  private let most: Int64?

  package init(_ handler: any CapabilityHandler, _ order: WorkOrder) {
    self.handler = handler
    most = handler.definition.meter == nil ? nil : order.unitsMax
  }

  /// - Throws: `units_exceeded`, before anything is worked on, where that is sure.
  package func requireHeld(_ parameters: Parameters, _ inputs: [InputFile]) throws(AttemptError) {
    guard let most, let bound = (handler as? any MeteredHandler)?.bound(parameters, inputs, awaited: []), bound.isExact,
      bound.most > most
    else { return }
    throw tooMany(bound.most, most)
  }

  /// The product; a failure, with nothing of it, where more was worked on than is held for.
  package func checked(_ product: AttemptProduct) -> AttemptProduct {
    guard product.error == nil, let most, let units = product.units, units > most else { return product }
    return AttemptProduct(error: tooMany(units, most), units: units)
  }

  private func tooMany(_ units: Int64, _ most: Int64) -> AttemptError {
    .tooManyUnits(units, most: most, unit: handler.definition.meter?.unit ?? "units")
  }
}
