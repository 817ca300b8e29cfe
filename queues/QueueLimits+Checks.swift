internal import StrataCore

extension QueueLimits {
  /// Refuses what no backend would take.
  func check(_ job: QueuedJob) throws(QueueError) {
    guard job.payload.count <= payloadBytesMax else {
      throw .tooLarge("the payload of job \(job.id) has \(job.payload.count) bytes, the limit is \(payloadBytesMax)")
    }
    guard (1...Self.attemptsLimit).contains(job.attemptsMax), (0..<Self.attemptsLimit).contains(job.attemptsMade) else {
      throw .tooLarge("the attempts of job \(job.id) are not within 1 to \(Self.attemptsLimit)")
    }
    guard job.lane.placements.count <= alternativesMax + 1 else {
      throw .tooLarge(
        "job \(job.id) has \(job.lane.placements.count - 1) alternatives, the limit is \(alternativesMax)")
    }
    let amounts = job.lane.placements.map(\.resources).flatMap {
      [$0.cpuMillicores, $0.memoryBytes, $0.gpuThousandths, $0.weightMillicores]
    }
    guard amounts.allSatisfy({ (0..<Int64(Self.tokenLimit)).contains($0) }) else {
      throw .tooLarge("the resources of job \(job.id) are not within 0 to 2^53")
    }
    guard (1...Self.capabilityBytesLimit).contains(job.lane.capability.utf8.count) else {
      throw .tooLarge("the capability of job \(job.id) does not have 1 to \(Self.capabilityBytesLimit) bytes")
    }
  }

  func check(_ policy: GatePolicy, of gate: Gate) throws(QueueError) {
    guard policy.runningMax.map({ (0..<Int(UInt32.max)).contains($0) }) ?? true,
      Self.weights.contains(policy.weight)
    else { throw .tooLarge("the limit of \(gate) is not within 0 to 2^32, or its weight not within \(Self.weights)") }
  }

  func check(report: [UInt8], of job: JobID) throws(QueueError) {
    guard report.count <= reportBytesMax else {
      throw .tooLarge("the report on job \(job) has \(report.count) bytes, the limit is \(reportBytesMax)")
    }
  }

  func check(place: String) throws(QueueError) {
    guard place.utf8.count > Self.placeBytesLimit else { return }
    throw .tooLarge("the place of a worker has \(place.utf8.count) bytes, the limit is \(Self.placeBytesLimit)")
  }

  func check(stage: String?, of job: JobID) throws(QueueError) {
    guard let stage, stage.utf8.count > Self.stageBytesLimit else { return }
    throw .tooLarge("the stage of job \(job) has \(stage.utf8.count) bytes, the limit is \(Self.stageBytesLimit)")
  }

  func check(floor: FencingToken) throws(QueueError) {
    guard floor.rawValue < Self.tokenLimit else { throw .tooLarge("the token floor \(floor.rawValue) is over 2^53") }
  }

  /// What two bytes count.
  static let attemptsLimit = 65_535
  public static let capabilityBytesLimit = 255
  public static let weights = 1...10_000
  /// What one byte counts.
  static let stageBytesLimit = 255
  /// A host's name has 253 bytes at most, as people have them 64.
  static let placeBytesLimit = 255
  /// Tokens are microseconds since 1970, in numbers that a double holds exactly: until the year 2255.
  static let tokenLimit: UInt64 = 1 << 53
}
