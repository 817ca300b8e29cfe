public import StrataCore

extension RedisQueue {
  public func lease(_ request: LeaseRequest, for duration: Duration) async throws(QueueError) -> LeaseGrant {
    var leases: [Lease] = []
    var (missing, room) = (max(0, request.count), request.room)
    while true {
      let asked = min(missing, configuration.limits.batchSize)
      let grant = try await leaseOnce(request, asked, room, duration)
      leases += grant.leases
      missing -= asked
      if missing == 0 || grant.leases.count < asked { return LeaseGrant(leases: leases, deadline: grant.deadline) }
      for lease in grant.leases { room = room.less(lease.job.lane.resources) }
    }
  }

  private func leaseOnce(_ request: LeaseRequest, _ count: Int, _ room: ResourceRequest, _ duration: Duration)
    async throws(QueueError) -> LeaseGrant
  {
    let answer = try await run(.lease) { command in
      command.append(now)
      command.append(configuration.limits.eventsMax)
      command.append(request.worker.bytes)
      command.append(duration.wholeMicroseconds)
      command.append(count)
      for amount in [room.cpuMillicores, room.memoryBytes, room.gpuThousandths] {
        command.append(min(max(0, amount), Int64(QueueLimits.tokenLimit - 1)))
      }
      for tier in request.tiers { command.append(tier.rawValue) }
    }
    guard let parts = answer.array, let deadline = parts.first?.integer else { throw unexpected(answer) }
    var leases: [Lease] = []
    for part in parts.dropFirst() {
      guard let turn = Self.leases(part.array ?? []) else { throw unexpected(answer) }
      leases += turn
    }
    return LeaseGrant(leases: leases, deadline: Timestamp(microseconds: deadline))
  }

  /// The leases of one turn: the lane's descriptor, then identifiers and records.
  private static func leases(_ parts: [RedisValue]) -> [Lease]? {
    guard let lane = parts.first?.bytes.flatMap(Lane.init(descriptor:)) else { return nil }
    var leases: [Lease] = []
    leases.reserveCapacity(parts.count / 2)
    for index in stride(from: 1, to: parts.count - 1, by: 2) {
      guard let id = parts[index].bytes.flatMap({ JobID(bytes: $0) }), let bytes = parts[index + 1].bytes,
        let lease = JobRecord.granted(id, lane, bytes)
      else { return nil }
      leases.append(lease)
    }
    return leases
  }

  /// One call however many leases there are: a part of them would be taken for the whole.
  public func heartbeat(worker: WorkerID, held: [LeaseReference], for duration: Duration) async throws(QueueError)
    -> HeartbeatReply
  {
    let answer = try await run(.heartbeat) { command in
      appendEndingContext(&command)
      command.append(worker.bytes)
      command.append(duration.wholeMicroseconds)
      for lease in held { command.append(lease) }
    }
    guard let parts = answer.array, parts.count == 3, let deadline = parts[0].integer, let known = parts[1].integer,
      let verdicts = parts[2].bytes, verdicts.count == held.count
    else { throw unexpected(answer) }
    func jobs(_ verdict: Character) -> [JobID] {
      zip(held, verdicts).compactMap { $1 == verdict.asciiValue ? $0.job : nil }
    }
    return HeartbeatReply(
      deadline: Timestamp(microseconds: deadline), wasKnown: known == 1, lost: jobs("0"), cancelRequested: jobs("2"))
  }

  public func progress(_ reports: [ProgressReport]) async throws(QueueError) -> [LeaseVerdict] {
    let limits = configuration.limits
    for report in reports { try limits.check(stage: report.stage, of: report.lease.job) }
    return try await batches(of: reports, sizeBytes: \.log.count) { batch throws(QueueError) in
      let answer = try await run(.progress) { command in
        command.append(now)
        command.append(limits.eventsMax)
        command.append(limits.liveLogBytesMax)
        for report in batch {
          command.append(report.lease)
          command.append(ProgressNote.bytes(of: report.fraction))
          command.append(report.stage ?? "")
          command.append(report.log.prefix(limits.liveLogBytesMax))
        }
      }
      return try leaseVerdicts(answer)
    }
  }

  public func complete(_ completions: [AttemptResult]) async throws(QueueError) -> [LeaseVerdict] {
    try await end(completions, by: .complete)
  }

  public func release(_ results: [AttemptResult]) async throws(QueueError) -> [LeaseVerdict] {
    try await end(results, by: .release)
  }

  private func end(_ results: [AttemptResult], by script: RedisScript) async throws(QueueError) -> [LeaseVerdict] {
    for result in results { try configuration.limits.check(report: result.report, of: result.lease.job) }
    return try await batches(of: results, sizeBytes: \.report.count) { batch throws(QueueError) in
      let answer = try await run(script) { command in
        appendEndingContext(&command)
        for result in batch {
          command.append(result.lease)
          command.append(result.report)
        }
      }
      return try leaseVerdicts(answer)
    }
  }

  public func fail(_ failures: [AttemptFailure]) async throws(QueueError) -> [LeaseVerdict] {
    for failure in failures { try configuration.limits.check(report: failure.report, of: failure.lease.job) }
    return try await batches(of: failures, sizeBytes: \.report.count) { batch throws(QueueError) in
      let answer = try await run(.fail) { command in
        appendEndingContext(&command)
        for failure in batch {
          command.append(failure.lease)
          command.append(failure.ending == .cancelled ? "c" : failure.isRetryable ? "r" : "f")
          command.append(failure.retryDelay.wholeMicroseconds)
          command.append(failure.report)
        }
      }
      return try leaseVerdicts(answer)
    }
  }

  /// What every script that ends attempts begins with.
  func appendEndingContext(_ command: inout RedisCommand) {
    command.append(now)
    command.append(configuration.limits.eventsMax)
    command.append(configuration.limits.liveLogRetention.nanoseconds / 1_000_000_000)
  }

  private func leaseVerdicts(_ answer: RedisValue) throws(QueueError) -> [LeaseVerdict] {
    try verdicts(answer, ["1": .accepted, "0": .stale])
  }
}

extension RedisCommand {
  fileprivate mutating func append(_ lease: LeaseReference) {
    append(lease.job.bytes)
    append(lease.token.rawValue.bigEndianBytes)
  }
}
