public import StrataCore

// The calls that wait on the server, each on a connection of its own.
extension RedisQueue {
  /// As the protocol says. Where it throws, a signal may have been lost on the way: ask for a lease.
  public func signals(for worker: WorkerID, waitingUpTo duration: Duration) async throws(QueueError)
    -> [WorkerSignal]
  {
    var command = RedisCommand(duration > .zero ? "BLMPOP" : "LMPOP")
    if duration > .zero { command.append(Self.blockSeconds(duration)) }
    command.append("1")
    command.append(key("signals:") + worker.bytes)
    command.append("LEFT")
    command.append("COUNT")
    command.append(configuration.limits.batchSize)
    let answer = try await wait(command, duration)
    return (answer.array?.last?.array ?? []).compactMap { $0.bytes.flatMap(WorkerSignal.init(packed:)) }
  }

  public func outcomes(after position: OutcomePosition?, limit: Int, waitingUpTo duration: Duration)
    async throws(QueueError) -> [QueuedOutcome]
  {
    let entries = try await read("outcomes", after: position?.description ?? "0-0", limit, duration)
    return try entries.map { (position, bytes) throws(QueueError) in
      guard let outcome = QueuedOutcome(at: position, packed: bytes) else {
        throw .server("the outcome at \(position) is unreadable")
      }
      return outcome
    }
  }

  public func events(after position: OutcomePosition?, limit: Int, waitingUpTo duration: Duration)
    async throws(QueueError) -> [QueueEvent]
  {
    // An entry holds several events, so `position` may lie within one.
    if let position {
      let rest = try await eventsPresent(after: position, limit)
      if !rest.isEmpty { return rest }
    }
    let entries = try await read("events", after: position?.description ?? "$", limit, duration)
    return Array(try Self.unpack(entries).prefix(limit))
  }

  private func eventsPresent(after position: OutcomePosition, _ limit: Int) async throws(QueueError) -> [QueueEvent] {
    var command = RedisCommand("XRANGE")
    command.append(key("events"))
    command.append(position.startOfEntry.description)
    command.append("+")
    command.append("COUNT")
    command.append(max(1, limit) + 1)
    let answer = try await send(command)
    let events = try Self.unpack(try logEntries(answer.array ?? []))
    return Array(events.drop { $0.position <= position }.prefix(limit))
  }

  private static func unpack(_ entries: [(OutcomePosition, [UInt8])]) throws(QueueError) -> [QueueEvent] {
    var events: [QueueEvent] = []
    for (position, bytes) in entries {
      guard let unpacked = QueueEvent.unpack(at: position, bytes) else {
        throw .server("the events at \(position) are unreadable")
      }
      events += unpacked
    }
    return events
  }

  private func read(_ log: String, after position: String, _ limit: Int, _ duration: Duration)
    async throws(QueueError) -> [(OutcomePosition, [UInt8])]
  {
    var command = RedisCommand("XREAD", "COUNT", String(max(1, limit)))
    if duration > .zero {
      command.append("BLOCK")
      // Rounded up: a wait of nothing would be for ever.
      command.append((duration.nanoseconds + 999_999) / 1_000_000)
    }
    command.append("STREAMS")
    command.append(key(log))
    command.append(position)
    let answer = try await wait(command, duration)
    return try logEntries(answer.array?.first?.array?.last?.array ?? [])
  }

  private func wait(_ command: RedisCommand, _ duration: Duration) async throws(QueueError) -> RedisValue {
    if duration <= .zero { return try await send(command) }
    let answer = try await blocking.send(command, waiting: duration)
    if case .error(let message) = answer { throw QueueError(serverMessage: message) }
    return answer
  }

  /// Reads a stream's entries, each with one field.
  private func logEntries(_ entries: [RedisValue]) throws(QueueError) -> [(OutcomePosition, [UInt8])] {
    try entries.map { entry throws(QueueError) in
      guard let parts = entry.array, parts.count == 2, let position = parts[0].text.flatMap(OutcomePosition.init),
        let bytes = parts[1].array?.last?.bytes
      else { throw unexpected(entry) }
      return (position, bytes)
    }
  }

  /// Seconds with three decimals, at least 0.001, since nothing would mean for ever.
  private static func blockSeconds(_ duration: Duration) -> String {
    let milliseconds = max(1, duration.milliseconds)
    let rest = String(milliseconds % 1_000 + 1_000).dropFirst()
    return "\(milliseconds / 1_000).\(rest)"
  }
}

extension OutcomePosition {
  /// The position of the first event of the entry that this one lies in: `announce` of `scripts/shared/log.lua` puts 64
  /// events into an entry, and numbers those of a call from a multiple of 1000.
  fileprivate var startOfEntry: OutcomePosition {
    OutcomePosition(milliseconds: milliseconds, sequence: sequence - sequence % 1_000 % 64)
  }
}

extension WorkerSignal {
  fileprivate init?(packed bytes: [UInt8]) {
    switch bytes.first {
    case UInt8(ascii: "w"): self = .work
    case UInt8(ascii: "c"):
      guard let job = JobID(bytes: bytes.dropFirst()) else { return nil }
      self = .cancel(job)
    default: return nil
    }
  }
}
