public import StrataCore

extension RedisQueue {
  public func enqueue(_ jobs: [QueuedJob]) async throws(QueueError) -> [EnqueueVerdict] {
    try await add(jobs, needsGeneration: true)
  }

  public func restore(_ jobs: [QueuedJob]) async throws(QueueError) -> [EnqueueVerdict] {
    try await add(jobs, needsGeneration: false)
  }

  private func add(_ jobs: [QueuedJob], needsGeneration: Bool) async throws(QueueError) -> [EnqueueVerdict] {
    for job in jobs { try configuration.limits.check(job) }
    var known: Set<JobID> = []
    let firsts = jobs.map { known.insert($0.id).inserted }
    // What is named again is held by then.
    if known.count < jobs.count {
      let told = try await addOnce(zip(jobs, firsts).filter(\.1).map(\.0), needsGeneration)
      var next = told.makeIterator()
      return firsts.map { $0 ? next.next() ?? .alreadyHeld : .alreadyHeld }
    }
    return try await addOnce(jobs, needsGeneration)
  }

  /// Jobs that differ.
  private func addOnce(_ jobs: [QueuedJob], _ needsGeneration: Bool) async throws(QueueError) -> [EnqueueVerdict] {
    try await batches(of: jobs, sizeBytes: \.payload.count) { batch throws(QueueError) in
      var order: [Int] = []
      let answer = try await run(.enqueue) { command in
        command.append(now)
        command.append(needsGeneration ? "1" : "0")
        order = appendJobs(batch, to: &command)
      }
      let verdicts: [EnqueueVerdict] = try verdicts(answer, ["1": .enqueued, "0": .alreadyHeld])
      guard verdicts.count == order.count else { throw unexpected(answer) }
      var inPlace = verdicts
      for (verdict, place) in zip(verdicts, order) { inPlace[place] = verdict }
      return inPlace
    }
  }

  /// The lanes of the jobs, with the tenants of each, and the jobs in that order. Returns the places of the jobs in it.
  private func appendJobs(_ jobs: [QueuedJob], to command: inout RedisCommand) -> [Int] {
    let lanes = jobs.indices.grouped { jobs[$0].lane }
    command.append(lanes.count)
    var order: [Int] = []
    order.reserveCapacity(jobs.count)
    for lane in lanes {
      let tenants = lane.members.grouped { jobs[$0].tenant }
      command.append(lane.key.descriptor)
      command.append(tenants.count)
      for tenant in tenants {
        command.append(tenant.key.bytes)
        command.append(tenant.members.count)
        order += tenant.members
      }
    }
    for place in order { command.append(jobs[place].id.bytes) }
    for place in order { command.append(JobRecord.waiting(jobs[place])) }
    for place in order {
      if let due = jobs[place].notBefore { command.append(max(0, due.microseconds)) }
      if let end = jobs[place].startBy { command.append(max(0, end.microseconds)) }
    }
    return order
  }

  public func cancel(_ jobs: [JobID]) async throws(QueueError) -> [CancelVerdict] {
    try await batches(of: jobs) { batch throws(QueueError) in
      let answer = try await run(.cancel) { command in
        appendEndingContext(&command)
        for job in batch { command.append(job.bytes) }
      }
      return try verdicts(answer, ["0": .unknown, "1": .removed, "2": .signalled])
    }
  }

  public func reprioritise(_ priorities: [JobID: JobPriority]) async throws(QueueError) -> [JobID: PriorityVerdict] {
    let jobs = Array(priorities)
    let told: [PriorityVerdict] = try await batches(of: jobs) { batch throws(QueueError) in
      let answer = try await run(.reprioritise) { command in
        command.append(now)
        for (job, priority) in batch {
          command.append(job.bytes)
          command.append(priority.rawValue)
        }
      }
      return try verdicts(answer, ["0": .unknown, "1": .moved, "2": .running])
    }
    return Dictionary(uniqueKeysWithValues: zip(jobs.map(\.key), told))
  }

  public func status(of jobs: [JobID]) async throws(QueueError) -> [QueueStatus?] {
    try await batches(of: jobs) { batch throws(QueueError) in
      let answer = try await run(.status) { command in
        for job in batch { command.append(job.bytes) }
      }
      guard let parts = answer.array, parts.count == 2 * batch.count else { throw unexpected(answer) }
      return batch.indices.map { Self.status(parts[2 * $0], parts[2 * $0 + 1]) }
    }
  }

  private static func status(_ head: RedisValue, _ extra: RedisValue) -> QueueStatus? {
    guard let bytes = head.bytes else { return nil }
    if let lease = LeaseRecord(bytes) {
      let note = ProgressNote(extra.bytes ?? [])
      return .leased(
        LeaseStatus(
          worker: lease.worker, token: lease.token, attempt: lease.job.attemptsMade + 1, tier: lease.tier,
          startedAt: lease.startedAt, fraction: note.fraction, stage: note.stage,
          isCancelRequested: lease.isCancelRequested,
          preemptor: lease.preemptor))
    }
    guard let record = JobRecord(bytes) else { return nil }
    let made = record.head.attemptsMade
    if !record.head.isDelayed { return .ready(ahead: Int(extra.integer ?? 0), attemptsMade: made) }
    let due = extra.text.flatMap { Double($0) }.map { Timestamp(microseconds: Int64($0)) }
    return .delayed(until: due ?? Timestamp(microseconds: 0), attemptsMade: made)
  }

  public func liveLog(of job: JobID, from offset: Int) async throws(QueueError) -> LiveLog? {
    let answer = try await run(.log) { command in
      command.append(job.bytes)
      command.append(max(0, offset))
    }
    guard let parts = answer.array, parts.count == 2, let head = parts[0].bytes, let bytes = parts[1].bytes else {
      throw unexpected(answer)
    }
    var reader = ByteReader(head)
    return reader.token().map { LiveLog(token: $0, bytes: bytes) }
  }

  public func census() async throws(QueueError) -> QueueCensus {
    let answer = try await run(.census) { $0.append(configuration.limits.censusWorkersMax) }
    guard let parts = answer.array, parts.count == 5, let pending = parts[0].integer,
      let unreadable = parts[1].integer, let delayed = parts[2].integer, let lanes = parts[3].array,
      let workers = parts[4].array
    else { throw unexpected(answer) }
    return QueueCensus(
      lanes: Self.lanes(lanes), delayed: Int(delayed), workers: Self.workers(workers), outcomesPending: Int(pending),
      unreadable: Int(unreadable))
  }

  private static func lanes(_ values: [RedisValue]) -> [Lane: QueueCensus.Count] {
    var lanes: [Lane: QueueCensus.Count] = [:]
    for index in stride(from: 0, to: values.count - 2, by: 3) {
      guard let lane = values[index].bytes.flatMap(Lane.init(descriptor:)) else { continue }
      lanes[lane] = QueueCensus.Count(
        ready: Int(values[index + 1].integer ?? 0), leased: Int(values[index + 2].integer ?? 0))
    }
    return lanes
  }

  private static func workers(_ values: [RedisValue]) -> [QueueCensus.Worker] {
    stride(from: 0, to: values.count - 2, by: 3).compactMap { index in
      guard let id = values[index].bytes.flatMap({ WorkerID(bytes: $0) }), let deadline = values[index + 1].integer,
        (0..<Int64(QueueLimits.tokenLimit)).contains(deadline)
      else { return nil }
      return QueueCensus.Worker(
        id: id, deadline: Timestamp(microseconds: deadline), leases: Int(values[index + 2].integer ?? 0))
    }
  }
}
