public import StrataCore

public enum TransactionTag: Sendable {}
/// Names a transfer of the books. A charge's has the identifier of its job.
public typealias TransactionID = Identifier<TransactionTag>

/// Why credits moved.
public enum EntryKind: String, Sendable, CaseIterable {
  /// A finished job: from the tenant to the house.
  case charge
  /// Credits given: from the house to the tenant, whose limit it raises.
  case grant
}

public enum EntrySide: String, Sendable { case debit, credit }

/// One leg of a transfer, on one account. Never changed once written.
public struct LedgerEntry: Hashable, Sendable {
  /// Grows with time within an account: the cursor of a listing.
  public let sequence: Int64
  public let transaction: TransactionID
  public let side: EntrySide
  public let amount: MicroCredits
  public let kind: EntryKind
  public let at: Timestamp

  init(_ row: inout PostgreSQLRow) throws(PostgreSQLError) {
    sequence = try row.integer()
    transaction = try row.identifier()
    side = try row.named()
    amount = try row.amount()
    kind = try row.named()
    at = try row.timestamp()
  }
}
