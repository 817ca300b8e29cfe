// How a capability is written in its definition file and in the catalogue: snake_case keys, and nothing said that goes
// without saying.

extension Capability: Codable {
  enum CodingKeys: String, CodingKey {
    case name, version, summary, tier, price, retry, resources, parameters, inputs, parts, meter
    case timeoutSeconds = "timeout_seconds"
    case attemptsMax = "attempts_max"
    case soldAs = "sold_as"
  }

  private struct InputCount: Codable {
    let minimum: Int
    let maximum: Int
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let inputs = try container.decode(InputCount.self, forKey: .inputs)
    guard 0 <= inputs.minimum, inputs.minimum <= inputs.maximum else {
      throw DecodingError.dataCorruptedError(
        forKey: .inputs, in: container, debugDescription: "'minimum' and 'maximum' must be 0 <= minimum <= maximum")
    }
    let retry = try container.decodeIfPresent(RetryPolicy.self, forKey: .retry) ?? .standard
    self.init(
      name: try container.decode(String.self, forKey: .name),
      version: try container.decode(Int.self, forKey: .version),
      summary: try container.decode(String.self, forKey: .summary),
      tier: try container.decode(TierName.self, forKey: .tier),
      price: try container.decode(Price.self, forKey: .price),
      timeoutSeconds: try container.decode(Int64.self, forKey: .timeoutSeconds),
      attemptsMax: try container.decodeIfPresent(Int.self, forKey: .attemptsMax) ?? retry.attemptsMax,
      resources: try container.decode(ResourceRequest.self, forKey: .resources),
      parameters: try container.decode([ParameterDefinition].self, forKey: .parameters),
      inputs: inputs.minimum...inputs.maximum,
      soldAs: try container.decodeIfPresent([Listing].self, forKey: .soldAs) ?? [], retry: retry,
      parts: try container.decodeIfPresent(Parts.self, forKey: .parts),
      meter: try container.decodeIfPresent(Meter.self, forKey: .meter))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(version, forKey: .version)
    try container.encode(summary, forKey: .summary)
    try container.encode(tier, forKey: .tier)
    try container.encode(price, forKey: .price)
    try container.encode(timeoutSeconds, forKey: .timeoutSeconds)
    try container.encode(attemptsMax, forKey: .attemptsMax)
    if retry != .standard { try container.encode(retry, forKey: .retry) }
    try container.encode(resources, forKey: .resources)
    try container.encode(parameters, forKey: .parameters)
    try container.encode(InputCount(minimum: inputs.lowerBound, maximum: inputs.upperBound), forKey: .inputs)
    if !soldAs.isEmpty { try container.encode(soldAs, forKey: .soldAs) }
    try container.encodeIfPresent(parts, forKey: .parts)
    try container.encodeIfPresent(meter, forKey: .meter)
  }
}

extension Price {
  enum CodingKeys: String, CodingKey {
    case perJob = "per_job_microcredits"
    case perCPUSecond = "per_cpu_second_microcredits"
    case perMillionUnits = "per_million_units_microcredits"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      perJob: try container.decode(MicroCredits.self, forKey: .perJob),
      perCPUSecond: try container.decode(MicroCredits.self, forKey: .perCPUSecond),
      perMillionUnits: try container.decodeIfPresent(MicroCredits.self, forKey: .perMillionUnits) ?? .zero)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(perJob, forKey: .perJob)
    try container.encode(perCPUSecond, forKey: .perCPUSecond)
    if perMillionUnits != .zero { try container.encode(perMillionUnits, forKey: .perMillionUnits) }
  }
}

extension ParameterDefinition: Codable {
  enum CodingKeys: String, CodingKey {
    case name, kind, summary, minimum, maximum, choices, selector, variants
    case isRequired = "required"
    case defaultValue = "default"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      name: try container.decode(String.self, forKey: .name),
      kind: try container.decode(Kind.self, forKey: .kind),
      summary: try container.decode(String.self, forKey: .summary),
      isRequired: try container.decodeIfPresent(Bool.self, forKey: .isRequired) ?? false,
      defaultValue: try container.decodeIfPresent(JSONValue.self, forKey: .defaultValue),
      minimum: try container.decodeIfPresent(Double.self, forKey: .minimum),
      maximum: try container.decodeIfPresent(Double.self, forKey: .maximum),
      choices: try container.decodeIfPresent([String].self, forKey: .choices) ?? [],
      selector: try container.decodeIfPresent(String.self, forKey: .selector),
      variants: try container.decodeIfPresent([Variant].self, forKey: .variants) ?? [])
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(kind, forKey: .kind)
    try container.encode(summary, forKey: .summary)
    if isRequired { try container.encode(isRequired, forKey: .isRequired) }
    try container.encodeIfPresent(defaultValue, forKey: .defaultValue)
    try container.encodeIfPresent(minimum, forKey: .minimum)
    try container.encodeIfPresent(maximum, forKey: .maximum)
    if !choices.isEmpty { try container.encode(choices, forKey: .choices) }
    try container.encodeIfPresent(selector, forKey: .selector)
    if !variants.isEmpty { try container.encode(variants, forKey: .variants) }
  }
}
