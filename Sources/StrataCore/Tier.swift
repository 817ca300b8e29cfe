/// The name of a class of workers, such as `cpu` or `gpu-high`. Tiers are data, not an enum.
public struct TierName: RawRepresentable, Hashable, Codable, Sendable, CustomStringConvertible {
  public let rawValue: String

  /// - Returns: nil unless the name is 1–32 characters of `a–z`, `0–9` and `-`, and starts with a letter.
  public init?(rawValue: String) {
    let bytes = rawValue.utf8
    guard (1...32).contains(bytes.count), let first = bytes.first, (0x61...0x7A).contains(first),
      bytes.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D })
    else { return nil }
    self.rawValue = rawValue
  }

  private init(known: String) { rawValue = known }

  public static let cpu = TierName(known: "cpu")
  public static let gpu = TierName(known: "gpu")

  public var description: String { rawValue }
}

/// What a tier's workers cost us while an attempt runs on them.
public struct TierRate: Hashable, Codable, Sendable {
  public let tier: TierName
  /// Per hour of CPU time used (user + system, all descendants).
  public let cpuHour: MicroEuro
  /// Per hour for which one gibibyte (2^30 bytes) of peak memory was occupied.
  public let memoryGibibyteHour: MicroEuro
  /// Per hour of wall time for which a slot was occupied.
  public let wallHour: MicroEuro

  public init(tier: TierName, cpuHour: MicroEuro, memoryGibibyteHour: MicroEuro, wallHour: MicroEuro) {
    self.tier = tier
    self.cpuHour = cpuHour
    self.memoryGibibyteHour = memoryGibibyteHour
    self.wallHour = wallHour
  }

  /// What a tier costs of which nobody has said it.
  public static func standard(_ tier: TierName) -> TierRate {
    TierRate(
      tier: tier, cpuHour: MicroEuro(micros: 12_000), memoryGibibyteHour: MicroEuro(micros: 1_500),
      wallHour: MicroEuro(micros: 2_000))
  }

  /// What an attempt that used `usage` cost us; each part is rounded up to a whole micro-euro. Saturates at `Int64.max`,
  /// whatever a worker claims to have used.
  public func cost(of usage: AttemptUsage) -> MicroEuro {
    let hour: Int64 = 3_600_000_000
    let mebibytes = (Int128(usage.memoryPeakBytes) + (1 << 20) - 1) >> 20
    let mebibyteMicroseconds = Int64(clamping: mebibytes * Int128(usage.wallMicroseconds))
    return MicroEuro.of(usage.cpuMicroseconds, at: cpuHour, per: hour)
      .adding(.of(mebibyteMicroseconds, at: memoryGibibyteHour, per: hour << 10))
      .adding(.of(usage.wallMicroseconds, at: wallHour, per: hour))
  }
}

/// What one attempt used, as measured by its worker over the whole process tree of the attempt, and what it says to have worked on.
public struct AttemptUsage: Hashable, Codable, Sendable {
  public var cpuMicroseconds: Int64
  public var wallMicroseconds: Int64
  public var memoryPeakBytes: Int64
  /// What the capability's meter has counted, such as points; 0 of one without.
  public var units: Int64

  public init(
    cpuMicroseconds: Int64 = 0, wallMicroseconds: Int64 = 0, memoryPeakBytes: Int64 = 0, units: Int64 = 0
  ) {
    self.cpuMicroseconds = cpuMicroseconds
    self.wallMicroseconds = wallMicroseconds
    self.memoryPeakBytes = memoryPeakBytes
    self.units = units
  }

  enum CodingKeys: String, CodingKey {
    case units
    case cpuMicroseconds = "cpu_microseconds"
    case wallMicroseconds = "wall_microseconds"
    case memoryPeakBytes = "memory_peak_bytes"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      cpuMicroseconds: try container.decode(Int64.self, forKey: .cpuMicroseconds),
      wallMicroseconds: try container.decode(Int64.self, forKey: .wallMicroseconds),
      memoryPeakBytes: try container.decode(Int64.self, forKey: .memoryPeakBytes),
      // Workers of before there were meters say nothing of it.
      units: try container.decodeIfPresent(Int64.self, forKey: .units) ?? 0)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(cpuMicroseconds, forKey: .cpuMicroseconds)
    try container.encode(wallMicroseconds, forKey: .wallMicroseconds)
    try container.encode(memoryPeakBytes, forKey: .memoryPeakBytes)
    if units != 0 { try container.encode(units, forKey: .units) }
  }
}
