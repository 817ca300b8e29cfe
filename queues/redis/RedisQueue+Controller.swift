public import StrataCore

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

  public func acknowledge(_ positions: [OutcomePosition]) async throws(QueueError) {
    _ = try await batches(of: positions) { batch throws(QueueError) in
      var command = RedisCommand("XDEL")
      command.append(key("outcomes"))
      for position in batch { command.append(position.description) }
      return [try await send(command)]
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
