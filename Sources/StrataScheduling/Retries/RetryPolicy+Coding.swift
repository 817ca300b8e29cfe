import StrataCore

// As a capability's definition file has it: snake_case keys with units, each optional, nothing said that goes without
// saying. A key that is not known is refused, since a misspelt limit would be no limit.
extension RetryPolicy: Codable {
  private enum CodingKeys: String, CodingKey, CaseIterable {
    case factor
    case attemptsMax = "attempts_max"
    case firstDelay = "first_delay_milliseconds"
    case delayMax = "delay_max_milliseconds"
    case retryableCodes = "retryable_codes"
    case permanentCodes = "permanent_codes"
  }

  private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// - Throws: `DecodingError`; what `RetryPolicyLimits` refuses is its description, with a `RetryPolicyError` beneath.
  public init(from decoder: any Decoder) throws {
    do {
      let known = CodingKeys.allCases.map(\.rawValue)
      let given = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue).sorted()
      if let wrong = given.first(where: { !known.contains($0) }) {
        throw RetryPolicyError.unknownKey(wrong, nearest: Spelling.nearest(to: wrong, among: known))
      }
      try self.init(of: decoder.container(keyedBy: CodingKeys.self))
    } catch let error as RetryPolicyError {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "\(error)", underlyingError: error))
    }
  }

  private init(of container: KeyedDecodingContainer<CodingKeys>) throws {
    let standard = Self.standard
    func delay(_ key: CodingKeys, else fallback: Duration) throws -> Duration {
      try container.decodeIfPresent(Int64.self, forKey: key).map { .milliseconds($0) } ?? fallback
    }
    func codes(_ key: CodingKeys) throws -> Set<String> {
      Set(try container.decodeIfPresent([String].self, forKey: key) ?? [])
    }
    try self.init(
      attemptsMax: container.decodeIfPresent(Int.self, forKey: .attemptsMax) ?? standard.attemptsMax,
      firstDelay: delay(.firstDelay, else: standard.firstDelay),
      factor: container.decodeIfPresent(Double.self, forKey: .factor) ?? standard.factor,
      delayMax: delay(.delayMax, else: standard.delayMax),
      retryableCodes: codes(.retryableCodes), permanentCodes: codes(.permanentCodes))
  }

  /// Delays are written in whole milliseconds.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(attemptsMax, forKey: .attemptsMax)
    try container.encode(firstDelay.milliseconds, forKey: .firstDelay)
    try container.encode(factor, forKey: .factor)
    try container.encode(delayMax.milliseconds, forKey: .delayMax)
    if !retryableCodes.isEmpty { try container.encode(retryableCodes.sorted(), forKey: .retryableCodes) }
    if !permanentCodes.isEmpty { try container.encode(permanentCodes.sorted(), forKey: .permanentCodes) }
  }
}
