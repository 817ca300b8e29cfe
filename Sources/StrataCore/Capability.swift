/// A named, versioned kind of job, as data: what it takes, where it runs, what it costs and when it is tried again.
///
/// Each has one definition file beside its handler; `workers/capabilities/README.md` says how to add one.
public struct Capability: Hashable, Sendable {
  public let name: String
  public let version: Int
  /// One sentence for people.
  public let summary: String
  public let tier: TierName
  public let price: Price
  public let timeoutSeconds: Int64
  /// The most attempts a job may have, the first one included.
  public let attemptsMax: Int
  /// Which errors are tried again, and after how long.
  public let retry: RetryPolicy
  public let resources: ResourceRequest
  /// What a job may say, by name; anything else is refused.
  public let parameters: [ParameterDefinition]
  /// How many input files a job takes.
  public let inputs: ClosedRange<Int>
  /// Other names it is sold under, which may have another price.
  public let soldAs: [Listing]
  /// How a job is split over workers; nil where it cannot be.
  public let parts: Parts?
  /// What of its work is counted; nil where nothing is.
  public let meter: Meter?

  public init(
    name: String, version: Int, summary: String, tier: TierName, price: Price, timeoutSeconds: Int64, attemptsMax: Int,
    resources: ResourceRequest, parameters: [ParameterDefinition], inputs: ClosedRange<Int>, soldAs: [Listing] = [],
    retry: RetryPolicy = .standard, parts: Parts? = nil, meter: Meter? = nil
  ) {
    self.name = name
    self.version = version
    self.summary = summary
    self.tier = tier
    self.price = price
    self.timeoutSeconds = timeoutSeconds
    self.attemptsMax = attemptsMax
    self.retry = retry
    self.resources = resources
    self.parameters = parameters
    self.inputs = inputs
    self.soldAs = soldAs
    self.parts = parts
    self.meter = meter
  }

  /// How the work of a job is counted, in units that its owner knows, such as the points of a scan.
  public struct Meter: Hashable, Codable, Sendable {
    /// In the plural.
    public let unit: String
    /// The most units of a job of which nobody can say how many there will be, as where another job is to make its inputs.
    public let assumedMax: Int64

    public init(unit: String, assumedMax: Int64) {
      self.unit = unit
      self.assumedMax = assumedMax
    }

    enum CodingKeys: String, CodingKey {
      case unit
      case assumedMax = "assumed_max"
    }
  }

  /// How jobs do a part each of what one would do, for another to put together: that has what they leave behind as inputs after its own, and
  /// does what is not among it itself.
  public struct Parts: Hashable, Codable, Sendable {
    /// The parameter, a string, that says which part of how many a job does, such as `3/8`; counted from 1.
    public let parameter: String
    /// The names of what a part leaves behind, as `ResultPattern` reads them: one for each part.
    public let results: String
    /// The most parts.
    public let maximum: Int

    public init(parameter: String, results: String, maximum: Int) {
      self.parameter = parameter
      self.results = results
      self.maximum = maximum
    }
  }

  /// A capability's entry in a catalogue under another name.
  public struct Listing: Hashable, Codable, Sendable {
    public let name: String
    public let price: Price

    public init(name: String, price: Price) {
      self.name = name
      self.price = price
    }
  }
}

/// What a job is charged. The charge never exceeds the hold.
public struct Price: Hashable, Codable, Sendable {
  /// Charged for every job that succeeds.
  public let perJob: MicroCredits
  /// Charged per second of CPU time of the successful attempt, rounded up to the micro-credit.
  public let perCPUSecond: MicroCredits
  /// Charged per million units of the capability's meter that the successful attempt counted, rounded up to the micro-credit.
  public let perMillionUnits: MicroCredits

  public init(perJob: MicroCredits, perCPUSecond: MicroCredits = .zero, perMillionUnits: MicroCredits = .zero) {
    self.perJob = perJob
    self.perCPUSecond = perCPUSecond
    self.perMillionUnits = perMillionUnits
  }

  /// The most a job may be charged: every core it asked for busy until the timeout, and as many units as it may come to. Saturates at
  /// `Int64.max`.
  public func hold(cpuMillicores: Int64, timeoutSeconds: Int64, unitsMax: Int64 = 0) -> MicroCredits {
    let millicoreSeconds = Int64(clamping: Int128(cpuMillicores) * Int128(timeoutSeconds))
    return perJob.adding(.of(millicoreSeconds, at: perCPUSecond, per: 1_000)).adding(units(unitsMax))
  }

  /// What a job whose successful attempt used `usage` is charged, never more than `hold`.
  public func charge(for usage: AttemptUsage, hold: MicroCredits) -> MicroCredits {
    let time = MicroCredits.of(usage.cpuMicroseconds, at: perCPUSecond, per: 1_000_000)
    return min(hold, perJob.adding(time).adding(units(usage.units)))
  }

  private func units(_ count: Int64) -> MicroCredits { .of(count, at: perMillionUnits, per: 1_000_000) }
}

/// One parameter of a capability.
public struct ParameterDefinition: Hashable, Sendable {
  public enum Kind: String, Codable, Sendable {
    case number, integer, string, boolean
    /// A list of strings.
    case strings
    /// A list of whole numbers.
    case integers
    /// A list of objects, each of one of the variants.
    case objects
  }

  /// A kind of object that a list may hold, and what it has beside its name.
  public struct Variant: Hashable, Codable, Sendable {
    public let name: String
    /// One sentence for people.
    public let summary: String
    public let parameters: [ParameterDefinition]

    public init(name: String, summary: String, parameters: [ParameterDefinition]) {
      (self.name, self.summary, self.parameters) = (name, summary, parameters)
    }
  }

  public let name: String
  public let kind: Kind
  /// What it means, with its unit.
  public let summary: String
  public let isRequired: Bool
  /// The value used when none is given.
  public let defaultValue: JSONValue?
  /// Of a number, or of each of a list of whole numbers; of a string its bytes, of another list its length.
  public let minimum: Double?
  public let maximum: Double?
  /// The only values that a string, or each string of a list, may have; empty where any may be given.
  public let choices: [String]
  /// The member by which objects of a list say which variant they are.
  public let selector: String?
  public let variants: [Variant]

  public init(
    name: String, kind: Kind, summary: String, isRequired: Bool = false, defaultValue: JSONValue? = nil,
    minimum: Double? = nil, maximum: Double? = nil, choices: [String] = [], selector: String? = nil,
    variants: [Variant] = []
  ) {
    self.name = name
    self.kind = kind
    self.summary = summary
    self.isRequired = isRequired
    self.defaultValue = defaultValue
    self.minimum = minimum
    self.maximum = maximum
    self.choices = choices
    (self.selector, self.variants) = (selector, variants)
  }
}
