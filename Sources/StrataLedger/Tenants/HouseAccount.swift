import StrataCore

/// The operator's own accounts. Their identifiers sort after every tenant's, so that they are locked last.
enum HouseAccount {
  /// Where granted credits come from.
  static let issued = AccountID(high: .max, low: 0xFFFF_0000_0000_0001)
  /// Where charges go.
  static let revenue = AccountID(high: .max, low: 0xFFFF_0000_0000_0002)
}
