public import StrataCore
internal import StrataScheduling
internal import Synchronization

extension RedisQueue {
  public func expire(limit: Int) async throws(QueueError) -> Int {
    var total = 0
    while true {
      let asked = min(max(0, limit - total), configuration.limits.batchSize)
      let answer = try await run(.expire) { command in
        appendEndingContext(&command)
        command.append(asked)
      }
      guard let count = answer.integer else { throw unexpected(answer) }
      total += Int(count)
      if Int(count) < asked || total >= limit { return total }
    }
  }

  public func promote(limit: Int) async throws(QueueError) -> Promotion {
    var (timers, ready, expired) = (0, 0, 0)
    while true {
      let asked = min(max(0, limit - timers), configuration.limits.batchSize)
      let answer = try await run(.promote) { command in
        appendEndingContext(&command)
        command.append(asked)
      }
      guard let parts = answer.array, parts.count == 4, let seen = parts[0].integer, let promoted = parts[1].integer,
        let finished = parts[2].integer, let due = parts[3].text
      else { throw unexpected(answer) }
      timers += Int(seen)
      ready += Int(promoted)
      expired += Int(finished)
      if Int(seen) < asked || timers >= limit {
        return Promotion(
          count: ready, expired: expired, timers: timers, nextDue: Int64(due).map(Timestamp.init(microseconds:)))
      }
    }
  }

  public func noteDead(_ workers: [WorkerID]) async throws(QueueError) -> Int {
    let counts = try await batches(of: workers) { batch throws(QueueError) in
      let answer = try await run(.dead) { command in
        command.append(now)
        for worker in batch { command.append(worker.bytes) }
      }
      guard let count = answer.integer else { throw unexpected(answer) }
      return [Int(count)]
    }
    return counts.reduce(0, +)
  }

  public func time() async throws(QueueError) -> (now: Timestamp, latest: Timestamp) {
    var last = RedisCommand("HGET")
    last.append(key("state"))
    last.append("tick")
    let answer = try await connection.send(RedisCommand("TIME"))
    let tick = try await connection.send(last)
    guard let parts = answer.array, parts.count == 2, let seconds = parts[0].integer, let rest = parts[1].integer else {
      throw unexpected(answer)
    }
    let now = configuration.clock?.now ?? Timestamp(microseconds: seconds * 1_000_000 + rest)
    return (now, Timestamp(microseconds: tick.integer ?? 0))
  }

  public func rewind(by duration: Duration, within late: Duration) async throws(QueueError) -> Int {
    var total = 0
    for kind in ["workers", "timers"] {
      var (passed, seen) = (0, Int.max)
      let asked = configuration.limits.batchSize
      while seen >= asked {
        let answer = try await run(.rewind) { command in
          command.append(now)
          command.append(duration.wholeMicroseconds)
          command.append(kind)
          command.append(passed)
          command.append(asked)
          command.append(late.wholeMicroseconds)
        }
        guard let counts = answer.array?.compactMap(\.integer), counts.count == 3 else { throw unexpected(answer) }
        (seen, total, passed) = (Int(counts[0]), total + Int(counts[1]), passed + Int(counts[2]))
      }
    }
    return total
  }

  public func govern(_ policies: [Gate: GatePolicy]) async throws(QueueError) {
    for (gate, policy) in policies { try configuration.limits.check(policy, of: gate) }
    _ = try await batches(of: Array(policies)) { batch throws(QueueError) in
      [
        try await run(.govern) { command in
          command.append(now)
          for (gate, policy) in batch {
            command.append(gate.field)
            command.append(policy.runningMax.map { String($0) } ?? "")
            command.append(policy.weight)
            let rate = policy.rate
            for number in [rate?.tokensPerTick, rate?.tickMicroseconds, rate?.burst] {
              command.append(number.map { String($0) } ?? "")
            }
          }
        }
      ]
    }
  }

  public func tune(_ policy: QueuePolicy) async throws(QueueError) {
    _ = try await run(.tune) { command in
      for number in policy.numbers { command.append(max(0, number)) }
    }
  }

  public func acknowledge(_ positions: [OutcomePosition]) async throws(QueueError) {
    let entries = acknowledged.withLock { $0.add(positions) }
    _ = try await batches(of: entries) { batch throws(QueueError) in
      var command = RedisCommand("XDEL")
      command.append(key("outcomes"))
      for position in batch { command.append(position.description) }
      return [try await send(command)]
    }
  }

  public func announce(_ finished: [FinishedNotice]) async throws(QueueError) {
    _ = try await batches(of: finished) { batch throws(QueueError) in
      [
        try await run(.announce) { command in
          command.append(now)
          command.append(configuration.limits.eventsMax)
          for notice in batch {
            command.append(notice.job.bytes)
            command.append([notice.state.finalCode ?? 0])
          }
        }
      ]
    }
  }

  public func install(generation: UInt64, tokenFloor: FencingToken) async throws(QueueError) {
    try configuration.limits.check(floor: tokenFloor)
    _ = try await run(.install) { command in
      command.append(generation)
      command.append(tokenFloor.rawValue)
    }
  }

  public func generation() async throws(QueueError) -> UInt64? {
    var command = RedisCommand("HGET")
    command.append(key("state"))
    command.append("generation")
    return try await send(command).text.flatMap { UInt64($0) }
  }

  public func forget(_ jobs: [JobID]) async throws(QueueError) {
    _ = try await batches(of: jobs) { batch throws(QueueError) in
      [
        try await run(.forget) { command in
          command.append(now)
          for job in batch { command.append(job.bytes) }
        }
      ]
    }
  }

  public func page(after cursor: UInt64?, limit: Int) async throws(QueueError) -> (jobs: [JobID], next: UInt64?) {
    let answer = try await run(.page) { command in
      command.append(cursor ?? 0)
      command.append(min(max(1, limit), configuration.limits.batchSize))
    }
    guard let parts = answer.array, let next = parts.first?.text.flatMap({ UInt64($0) }) else {
      throw unexpected(answer)
    }
    let jobs = parts.dropFirst().compactMap { $0.bytes.flatMap { JobID(bytes: $0) } }
    return (jobs, next == 0 ? nil : next)
  }
}
