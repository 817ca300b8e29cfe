public import StrataCore

extension RedisQueue {
  public func lease(_ request: LeaseRequest, for duration: Duration) async throws(QueueError) -> LeaseGrant {
    for result in request.completed { try configuration.limits.check(report: result.report, of: result.lease.job) }
    var (completed, verdicts) = (request.completed, [LeaseVerdict]())
    if !isOneCall(completed, of: request.worker) {
      verdicts = try await complete(completed)
      completed = []
    }
    var (leases, missing, room) = ([Lease](), max(0, request.count), request.room)
    while true {
      let asked = min(missing, configuration.limits.batchSize)
      let grant = try await leaseOnce(request, completed, asked, room, duration)
      leases += grant.leases
      verdicts += grant.verdicts
      missing -= asked
      completed = []
      if missing == 0 || grant.leases.count < asked {
        return LeaseGrant(leases: leases, deadline: grant.deadline, verdicts: verdicts)
      }
      for lease in grant.leases { room = room.less(lease.job.lane.resources) }
    }
  }

  /// Whether one call of a script can end these leases, beside what else it does.
  private func isOneCall(_ completed: [AttemptResult], of worker: WorkerID) -> Bool {
    completed.count <= configuration.limits.batchSize && completed.allSatisfy { $0.lease.worker == worker }
      && completed.reduce(0) { $0 + $1.report.count } <= configuration.limits.batchBytesMax
  }

  private func leaseOnce(
    _ request: LeaseRequest, _ completed: [AttemptResult], _ count: Int, _ room: ResourceRequest, _ duration: Duration
  ) async throws(QueueError) -> LeaseGrant {
    let answer = try await run(.lease) { command in
      appendEndingContext(&command)
      command.append(request.worker.bytes)
      let amounts = [room, request.wholeRoom].flatMap { [$0.cpuMillicores, $0.memoryBytes, $0.gpuThousandths] }
      let asked = [duration.wholeMicroseconds, Int64(count)] + amounts
      command.append(asked.flatMap { UInt64(min(max(0, $0), Int64(QueueLimits.tokenLimit - 1))).bigEndianBytes })
      command.append(request.dedication?.tenant.bytes ?? [])
      command.append(request.dedication?.lends == true ? 1 : 0)
      command.append(request.tiers.count)
      for tier in request.tiers { command.append(tier.rawValue) }
      command.append(completed.map(\.lease))
      for result in completed { command.append(result.report) }
    }
    guard let parts = answer.array, parts.count >= 3, let deadline = parts[0].integer,
      let token = parts[2].integer, token >= 0
    else { throw unexpected(answer) }
    let verdicts = try leaseVerdicts(parts[1])
    var leases: [Lease] = []
    leases.reserveCapacity(count)
    for part in parts.dropFirst(3) {
      guard let run = Self.leases(part.array ?? [], of: request.worker, FencingToken(rawValue: UInt64(token))) else {
        throw unexpected(answer)
      }
      leases += run
    }
    return LeaseGrant(leases: leases, deadline: Timestamp(microseconds: deadline), verdicts: verdicts)
  }

  /// The leases of one run: the lane's descriptor, the identifiers one after the other, the records.
  private static func leases(_ parts: [RedisValue], of worker: WorkerID, _ token: FencingToken) -> [Lease]? {
    guard parts.count == 3, let lane = parts[0].bytes.flatMap(Lane.init(descriptor:)), let ids = parts[1].bytes,
      let records = parts[2].array, ids.count == 16 * records.count
    else { return nil }
    var (leases, reader) = ([Lease](), ByteReader(ids))
    leases.reserveCapacity(records.count)
    for record in records {
      guard let id = reader.identifier(JobID.self), let bytes = record.bytes,
        let job = JobRecord.granted(id, lane, bytes)
      else { return nil }
      leases.append(Lease(job: job, worker: worker, token: token, attempt: job.attemptsMade + 1))
    }
    return leases
  }

  /// One call however many leases there are: a part of them would be taken for the whole.
  public func heartbeat(
    worker: WorkerID, held: [LeaseReference], for duration: Duration, place: String
  ) async throws(QueueError) -> HeartbeatReply {
    try configuration.limits.check(place: place)
    let answer = try await run(.heartbeat) { command in
      appendEndingContext(&command)
      command.append(worker.bytes)
      command.append(duration.wholeMicroseconds)
      command.append(place)
      // Another's lease is lost to this worker: no lease has the token zero.
      for lease in held {
        let nobodys = LeaseReference(job: lease.job, worker: worker, token: FencingToken(rawValue: 0))
        command.append(lease.worker == worker ? lease : nobodys)
      }
    }
    guard let parts = answer.array, parts.count == 3, let deadline = parts[0].integer, let known = parts[1].integer,
      let verdicts = parts[2].bytes, verdicts.count == held.count
    else { throw unexpected(answer) }
    func jobs(_ verdict: Character) -> [JobID] {
      zip(held, verdicts).compactMap { $1 == verdict.asciiValue ? $0.job : nil }
    }
    return HeartbeatReply(
      deadline: Timestamp(microseconds: deadline), wasKnown: known == 1, lost: jobs("0"), cancelRequested: jobs("2"),
      preempted: jobs("3"))
  }

  public func progress(_ reports: [ProgressReport]) async throws(QueueError) -> [LeaseVerdict] {
    let limits = configuration.limits
    for report in reports { try limits.check(stage: report.stage, of: report.lease.job) }
    return try await runs(of: reports, lease: \.lease, sizeBytes: \.log.count) { batch, worker throws(QueueError) in
      let answer = try await run(.progress) { command in
        command.append(now)
        command.append(limits.eventsMax)
        command.append(limits.liveLogBytesMax)
        command.append(worker.bytes)
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
    return try await runs(of: results, lease: \.lease, sizeBytes: \.report.count) { batch, worker throws(QueueError) in
      let answer = try await run(script) { command in
        appendEndingContext(&command)
        command.append(worker.bytes)
        command.append(batch.map(\.lease))
        for result in batch { command.append(result.report) }
      }
      return try leaseVerdicts(answer)
    }
  }

  public func fail(_ failures: [AttemptFailure]) async throws(QueueError) -> [LeaseVerdict] {
    for failure in failures { try configuration.limits.check(report: failure.report, of: failure.lease.job) }
    return try await runs(of: failures, lease: \.lease, sizeBytes: \.report.count) { batch, worker throws(QueueError) in
      let answer = try await run(.fail) { command in
        appendEndingContext(&command)
        command.append(worker.bytes)
        command.append(batch.map(\.lease))
        for failure in batch { command.append(failure.ending == .cancelled ? "c" : failure.isRetryable ? "r" : "f") }
        for failure in batch { command.append(failure.retryDelay.wholeMicroseconds) }
        for failure in batch { command.append(failure.report) }
      }
      return try leaseVerdicts(answer)
    }
  }

  public func leave(_ worker: WorkerID) async throws(QueueError) -> Bool {
    let answer = try await run(.leave) { command in
      command.append(now)
      command.append(worker.bytes)
    }
    guard let isForgotten = answer.integer else { throw unexpected(answer) }
    return isForgotten == 1
  }

  /// Runs `body` on parts of `items` whose leases are one worker's and that keep to the limits of one call.
  func runs<Item, Answer>(
    of items: [Item], lease: (Item) -> LeaseReference, sizeBytes: (Item) -> Int,
    _ body: ([Item], WorkerID) async throws(QueueError) -> [Answer]
  ) async throws(QueueError) -> [Answer] {
    var answers: [Answer] = []
    for run in items.runs(by: { lease($0).worker }) {
      answers += try await batches(of: run.items, sizeBytes: sizeBytes) { batch throws(QueueError) in
        try await body(batch, run.key)
      }
    }
    return answers
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

extension Collection {
  /// The elements by their keys, in the order in which these come first.
  func grouped<Key: Hashable>(by key: (Element) -> Key) -> [(key: Key, members: [Element])] {
    var (groups, places): ([(key: Key, members: [Element])], [Key: Int]) = ([], [:])
    for element in self {
      let itsKey = key(element)
      if let last = groups.indices.last, groups[last].key == itsKey {
        groups[last].members.append(element)
      } else if let place = places[itsKey] {
        groups[place].members.append(element)
      } else {
        places[itsKey] = groups.count
        groups.append((itsKey, [element]))
      }
    }
    return groups
  }
}

extension Array {
  /// The longest parts, one after the other, whose elements have the same key.
  func runs<Key: Equatable>(by key: (Element) -> Key) -> [(key: Key, items: [Element])] {
    var runs: [(key: Key, items: [Element])] = []
    for element in self {
      let itsKey = key(element)
      if runs.last?.key != itsKey { runs.append((itsKey, [])) }
      runs[runs.count - 1].items.append(element)
    }
    return runs
  }
}

extension RedisCommand {
  mutating func append(_ lease: LeaseReference) {
    append(lease.job.bytes)
    append(lease.token.rawValue.bigEndianBytes)
  }

  /// The jobs, then the tokens.
  mutating func append(_ leases: [LeaseReference]) {
    for lease in leases { append(lease.job.bytes) }
    for lease in leases { append(lease.token.rawValue.bigEndianBytes) }
  }
}
