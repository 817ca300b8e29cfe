import StrataCore
internal import Synchronization

// The logs, read past what cannot be read: that is moved aside, and reading goes on behind it.
extension RedisQueue {
  public func outcomes(after position: OutcomePosition?, limit: Int, waitingUpTo duration: Duration)
    async throws(QueueError) -> [QueuedOutcome]
  {
    // An entry holds several outcomes, so `position` may lie within one.
    if let position {
      let rest = try await present("outcomes", after: position, limit, told(in:)).filter { $0.position > position }
      if !rest.isEmpty { return Array(rest.prefix(limit)) }
    }
    let read = try await readable("outcomes", after: position?.description ?? "0-0", limit, duration, told(in:))
    return Array(read.prefix(max(1, limit)))
  }

  private func told(in entry: LogEntry) -> [QueuedOutcome]? {
    guard let bytes = entry.bytes(under: "b"), let outcomes = QueuedOutcome.unpack(at: entry.position, bytes) else {
      return nil
    }
    acknowledged.withLock { $0.told(outcomes.map(\.position), of: entry.position) }
    return outcomes
  }

  public func events(after position: OutcomePosition?, limit: Int, waitingUpTo duration: Duration)
    async throws(QueueError) -> [QueueEvent]
  {
    // An entry holds several events, so `position` may lie within one.
    if let position {
      let rest = try await present("events", after: position, limit, Self.events(in:)).filter { $0.position > position }
      if !rest.isEmpty { return Array(rest.prefix(limit)) }
    }
    let events = try await readable(
      "events", after: position?.description ?? "$", limit, duration, Self.events(in:))
    return Array(events.prefix(limit))
  }

  /// What `meaning` makes of the entries from that of `position` on, as far as they are there.
  private func present<Item>(
    _ log: String, after position: OutcomePosition, _ limit: Int, _ meaning: (LogEntry) -> [Item]?
  ) async throws(QueueError) -> [Item] {
    var command = RedisCommand("XRANGE")
    command.append(key(log))
    command.append(position.startOfEntry.description)
    command.append("+")
    command.append("COUNT")
    command.append(max(1, limit) + 1)
    let answer = try await send(command)
    let found = try entries(answer.array ?? [])
    try await moveAside(found.filter { meaning($0) == nil }, of: log)
    return found.compactMap(meaning).flatMap { $0 }
  }

  private static func events(in entry: LogEntry) -> [QueueEvent]? {
    entry.bytes(under: "e").flatMap { QueueEvent.unpack(at: entry.position, $0) }
  }

  public func unreadable(after position: OutcomePosition?, limit: Int, waitingUpTo duration: Duration)
    async throws(QueueError) -> [UnreadableEntry]
  {
    try await read("unreadable", after: position?.description ?? "0-0", limit, duration).map(UnreadableEntry.init)
  }

  /// What `meaning` makes of the entries after `position`, up to `limit` entries and as many as there are, past those
  /// that mean nothing to it.
  private func readable<Item>(
    _ log: String, after position: String, _ limit: Int, _ duration: Duration, _ meaning: (LogEntry) -> [Item]?
  ) async throws(QueueError) -> [Item] {
    let end = ContinuousClock.now + duration
    var (items, after, missing): ([Item], String, Int) = ([], position, max(1, limit))
    while true {
      let entries = try await read(log, after: after, missing, items.isEmpty ? max(.zero, end - .now) : .zero)
      let unreadable = entries.filter { entry in
        guard let found = meaning(entry) else { return true }
        items += found
        return false
      }
      try await moveAside(unreadable, of: log)
      guard let last = entries.last, !unreadable.isEmpty else { return items }
      missing -= entries.count - unreadable.count
      if missing == 0 { return items }
      after = last.position.description
    }
  }

  private func moveAside(_ entries: [LogEntry], of log: String) async throws(QueueError) {
    _ = try await batches(of: entries) { batch throws(QueueError) in
      let answer = try await run(.aside) { command in
        command.append(log)
        for entry in batch {
          command.append(entry.position.description)
          command.append(entry.complaint)
        }
      }
      return [answer]
    }
  }

  private func read(_ log: String, after position: String, _ limit: Int, _ duration: Duration)
    async throws(QueueError) -> [LogEntry]
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
    return try entries(answer.array?.first?.array?.last?.array ?? [])
  }

  /// Reads a stream's entries.
  private func entries(_ values: [RedisValue]) throws(QueueError) -> [LogEntry] {
    try values.map { value throws(QueueError) in
      guard let entry = LogEntry(value) else { throw unexpected(value) }
      return entry
    }
  }
}

/// An entry of a stream as the server tells it, whatever its fields mean.
struct LogEntry {
  let position: OutcomePosition
  /// Names and values in turn.
  let fields: [[UInt8]]

  init?(_ value: RedisValue) {
    guard let parts = value.array, parts.count == 2, let position = parts[0].text.flatMap(OutcomePosition.init)
    else { return nil }
    self.position = position
    fields = (parts[1].array ?? []).map { $0.bytes ?? [] }
  }

  /// The value of the one field that an entry of ours has. A newer version that packs otherwise names it otherwise.
  func bytes(under name: String) -> [UInt8]? {
    fields.count == 2 && fields[0] == Array(name.utf8) ? fields[1] : nil
  }

  /// Why an entry that means nothing to us does so, as far as can be told.
  var complaint: String {
    guard fields.count == 2 else { return "it has \(fields.count / 2) fields, not one" }
    let name = String(decoding: fields[0].prefix(32), as: UTF8.self)
    return "its field '\(name)' of \(fields[1].count) bytes is cut off or not of this version"
  }

  func value(of name: String) -> [UInt8] {
    let names = stride(from: 0, to: fields.count - 1, by: 2)
    return names.first { fields[$0] == Array(name.utf8) }.map { fields[$0 + 1] } ?? []
  }
}

extension UnreadableEntry {
  /// Reads what `set_aside` of `scripts/shared/unreadable.lua` keeps.
  init(_ entry: LogEntry) {
    let place = Place(rawValue: String(decoding: entry.value(of: "in"), as: UTF8.self)) ?? .jobs
    let name = entry.value(of: "at")
    self.init(
      position: entry.position, place: place,
      name: place == .jobs ? JobID(bytes: name)?.description ?? "?" : String(decoding: name, as: UTF8.self),
      reason: String(decoding: entry.value(of: "why"), as: UTF8.self))
  }
}
