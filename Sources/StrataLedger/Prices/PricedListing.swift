public import StrataCore

/// A price in force. Prices are versioned: a job keeps the one it was admitted at.
public struct PricedListing: Hashable, Sendable {
  public let name: String
  public let version: Int
  public let price: Price

  public init(name: String, version: Int, price: Price) {
    self.name = name
    self.version = version
    self.price = price
  }

  init(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    name = try row.text()
    version = Int(try row.integer())
    price = Price(
      perJob: try row.amount(), perCPUSecond: try row.amount(), perMillionUnits: try row.amount())
  }
}
