/// A number that grows with every lease granted, so that whatever an older lease's holder sends can be told apart and
/// refused.
public struct FencingToken: RawRepresentable, Hashable, Comparable, Codable, Sendable {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

/// How one attempt ended.
public enum AttemptEnding: String, Codable, Sendable, CaseIterable {
  /// The work is done and its results stand.
  case succeeded
  /// The work failed; whether the job is tried again depends on the error and on the attempts left.
  case failed
  /// The job's owner cancelled it while it ran.
  case cancelled
  /// The worker handed the lease back unfinished (it must stop); the attempt does not count against the job.
  case released
  /// It was ended so that a job of a higher class had its room; the attempt does not count against the job.
  case preempted
  /// The lease ran out: its worker was lost or cut off.
  case expired
}

/// Why an attempt failed, for people and for the retry policy.
public struct AttemptError: Error, Hashable, Codable, Sendable {
  /// A stable name, such as `timeout`, `out_of_memory`, `crashed`, `invalid_input`, `worker_lost`.
  public let code: String
  /// One sentence.
  public let message: String
  /// Whether another attempt could end differently. A permanent error finishes the job at once.
  public let isRetryable: Bool

  public init(code: String, message: String, isRetryable: Bool) {
    self.code = code
    self.message = message
    self.isRetryable = isRetryable
  }

  /// The job came to more of what its capability counts than credits were held for.
  public static let unitsExceededCode = "units_exceeded"

  enum CodingKeys: String, CodingKey {
    case code, message
    case isRetryable = "retryable"
  }
}

/// A content-addressed file that an attempt left behind.
public struct ArtifactReference: Hashable, Codable, Sendable {
  /// The file's name as the client sees it, without any folder.
  public let name: String
  public let digest: ArtifactDigest
  public let sizeBytes: Int64

  public init(name: String, digest: ArtifactDigest, sizeBytes: Int64) {
    self.name = name
    self.digest = digest
    self.sizeBytes = sizeBytes
  }

  enum CodingKeys: String, CodingKey {
    case name, digest
    case sizeBytes = "size_bytes"
  }
}

/// The SHA-256 (FIPS 180-4) of an artifact's bytes: its name everywhere.
public struct ArtifactDigest: Hashable, Sendable, LosslessStringConvertible {
  public let bytes: [UInt8]

  /// - Returns: nil unless `bytes` has exactly 32 elements.
  public init?(bytes: [UInt8]) {
    guard bytes.count == 32 else { return nil }
    self.bytes = bytes
  }

  /// Reads 64 hexadecimal digits, with or without `sha256:` in front.
  public init?(_ description: String) {
    let digits = Array((description.hasPrefix("sha256:") ? description.dropFirst(7) : description[...]).utf8)
    guard digits.count == 64 else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: 64, by: 2) {
      guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16),
        digits[index] != 0x2B, digits[index] != 0x2D
      else { return nil }
      bytes.append(byte)
    }
    self.bytes = bytes
  }

  /// 64 lower-case hexadecimal digits.
  public var hexadecimal: String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  public var description: String { "sha256:\(hexadecimal)" }
}

extension ArtifactDigest: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let value = Self(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is not a SHA-256 digest")
    }
    self = value
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
