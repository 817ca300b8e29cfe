public import StrataCore

/// A tenant's account at an instant: `posted + held ≤ limit`, always.
public struct AccountBalance: Hashable, Sendable {
  /// Charged so far.
  public var posted: MicroCredits
  /// Reserved by open holds.
  public var held: MicroCredits
  /// Granted so far.
  public var limit: MicroCredits

  public init(posted: MicroCredits = .zero, held: MicroCredits = .zero, limit: MicroCredits) {
    self.posted = posted
    self.held = held
    self.limit = limit
  }

  /// What may still be held.
  public var available: MicroCredits { limit - posted - held }

  init(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    posted = try row.amount()
    held = try row.amount()
    limit = try row.amount()
  }
}
