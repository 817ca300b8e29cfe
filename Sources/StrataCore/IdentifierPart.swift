/// The end or the beginning of an identifier, which a person types instead of the whole.
///
/// Identifiers begin with the time of their making, so the latest ones, which people mean, begin alike; they end in
/// randomness. Six characters of the end are 30 bits: of 1,000 identifiers some two share them in one case of 2,000.
public struct IdentifierPart<Tag>: Hashable, Sendable {
  /// Characters of an end.
  public static var endLengthMin: Int { 6 }
  /// Characters of a beginning: identifiers that were made within a quarter of an hour share 7.
  public static var beginningLengthMin: Int { 8 }
  /// Characters of an end that `end` compares: 60 bits, all of them random.
  private static var endLengthMax: Int { 12 }
  private static var length: Int { 26 }

  /// In lower case.
  public let text: String

  /// - Returns: nil unless `text` has 6 to 25 characters that identifiers have, in either case.
  public init?(_ text: String) {
    let text = text.lowercased()
    let zeros = String(repeating: "0", count: max(0, Self.length - text.utf8.count))
    guard (Self.endLengthMin..<Self.length).contains(text.utf8.count), Identifier<Tag>(zeros + text) != nil
    else { return nil }
    self.text = text
  }

  /// The first and the last identifier that begin so; nil where it is too short for a beginning, or none begins so.
  public var beginning: ClosedRange<Identifier<Tag>>? {
    guard text.utf8.count >= Self.beginningLengthMin else { return nil }
    let rest = Self.length - text.utf8.count
    guard let first = Identifier<Tag>(text + String(repeating: "0", count: rest)),
      let last = Identifier<Tag>(text + String(repeating: "z", count: rest))
    else { return nil }
    return first...last
  }

  /// What the low 64 bits of an identifier that ends so are under a mask. Identifiers that are alike in that may still
  /// differ where the end has more than 12 characters: `matches` decides.
  public var end: (mask: UInt64, value: UInt64) {
    let characters = text.suffix(Self.endLengthMax)
    let zeros = String(repeating: "0", count: Self.length - characters.utf8.count)
    return ((1 << UInt64(5 * characters.utf8.count)) - 1, Identifier<Tag>(zeros + characters)?.low ?? 0)
  }

  /// Whether `identifier` ends so, or begins so where this is long enough for that.
  public func matches(_ identifier: Identifier<Tag>) -> Bool {
    identifier.description.hasSuffix(text) || beginning?.contains(identifier) == true
  }
}
