public import StrataCore

// The calls that wait on the server, each on a connection of its own.
extension RedisQueue {
  /// As the protocol says. Where it throws, a signal may have been lost on the way: ask for a lease.
  public func signals(for worker: WorkerID, waitingUpTo duration: Duration) async throws(QueueError)
    -> [WorkerSignal]
  {
    try await popAll(from: key("signals:") + worker.bytes, duration)
      .compactMap { $0.bytes.flatMap(WorkerSignal.init(packed:)) }
  }

  public func dueSignal(waitingUpTo duration: Duration) async throws(QueueError) -> Bool {
    try await !popAll(from: key("signals:due"), duration).isEmpty
  }

  private func popAll(from list: [UInt8], _ duration: Duration) async throws(QueueError) -> [RedisValue] {
    var command = RedisCommand(duration > .zero ? "BLMPOP" : "LMPOP")
    if duration > .zero { command.append(Self.blockSeconds(duration)) }
    command.append("1")
    command.append(list)
    command.append("LEFT")
    command.append("COUNT")
    command.append(configuration.limits.batchSize)
    return try await wait(command, duration).array?.last?.array ?? []
  }

  func wait(_ command: RedisCommand, _ duration: Duration) async throws(QueueError) -> RedisValue {
    if duration <= .zero { return try await send(command) }
    let answer = try await blocking.send(command, waiting: duration)
    if case .error(let message) = answer { throw QueueError(serverMessage: message) }
    return answer
  }

  /// Seconds with three decimals, at least 0.001, since nothing would mean for ever.
  private static func blockSeconds(_ duration: Duration) -> String {
    let milliseconds = max(1, duration.milliseconds)
    let rest = String(milliseconds % 1_000 + 1_000).dropFirst()
    return "\(milliseconds / 1_000).\(rest)"
  }
}

extension WorkerSignal {
  fileprivate init?(packed bytes: [UInt8]) {
    switch bytes.first {
    case UInt8(ascii: "w"): self = .work
    case UInt8(ascii: "c"):
      guard let job = JobID(bytes: bytes.dropFirst()) else { return nil }
      self = .cancel(job)
    case UInt8(ascii: "p"):
      guard let job = JobID(bytes: bytes.dropFirst()) else { return nil }
      self = .preempt(job)
    default: return nil
    }
  }
}
