import StrataCore
internal import Synchronization

// The logs, read past what cannot be read: that is moved aside, and reading goes on behind it.
extension RedisQueue {
  public func outcomes(after position: OutcomePosition?, limit: Int, waitingUpTo duration: Duration)
    async throws(QueueError) -> [QueuedOutcome]
  {
    try await items("outcomes", after: position, else: "0-0", limit, duration, told(in:), at: \.position)
  }

  private func told(in entry: LogEntry) -> [QueuedOutcome]? {
    guard let bytes = entry.bytes(under: "r"), let outcomes = QueuedOutcome.unpack(at: entry.position, bytes) else {
      return nil
    }
    acknowledged.withLock { $0.told(outcomes.map(\.position), of: entry.position) }
    return outcomes
  }

  public func events(after position: OutcomePosition?, limit: Int, waitingUpTo duration: Duration)
    async throws(QueueError) -> [QueueEvent]
  {
    try await items("events", after: position, else: "$", limit, duration, Self.events(in:), at: \.position)
  }

  /// Up to `limit` of what `meaning` makes of the entries after `position`; after the server's position `start` where
  /// that is nil.
  private func items<Item>(
    _ log: String, after position: OutcomePosition?, else start: String, _ limit: Int, _ duration: Duration,
    _ meaning: (LogEntry) -> [Item]?, at place: (Item) -> OutcomePosition
  ) async throws(QueueError) -> [Item] {
    let limit = max(1, limit)
    var found: [Item] = []
    if let position, position != wholeUpTo.withLock({ $0[log] }) {
      found = try await rest(log, after: position, meaning).filter { place($0) > position }
    }
    if found.count < limit {
      let wait = found.isEmpty ? duration : .zero
      found += try await readable(log, after: position?.description ?? start, limit - found.count, wait, meaning)
    }
    if found.count <= limit, let last = found.last { wholeUpTo.withLock { $0[log] = place(last) } }
    return Array(found.prefix(limit))
  }

  /// What `meaning` makes of the entry that `position` lies in: an entry holds several items.
  private func rest<Item>(
    _ log: String, after position: OutcomePosition, _ meaning: (LogEntry) -> [Item]?
  ) async throws(QueueError) -> [Item] {
    var command = RedisCommand("XRANGE")
    command.append(key(log))
    for _ in 0..<2 { command.append(position.startOfEntry.description) }
    let entries = try entries(try await send(command).array ?? [])
    try await moveAside(entries.filter { meaning($0) == nil }, of: log)
    return entries.compactMap(meaning).flatMap { $0 }
  }

  private static func events(in entry: LogEntry) -> [QueueEvent]? {
    entry.bytes(under: "r").flatMap { QueueEvent.unpack(at: entry.position, $0) }
  }

  public func unreadable(after position: OutcomePosition?, limit: Int, waitingUpTo duration: Duration)
    async throws(QueueError) -> [UnreadableEntry]
  {
    try await read("unreadable", after: position?.description ?? "0-0", limit, duration).map(UnreadableEntry.init)
  }

  /// What `meaning` makes of the entries after `position`: `limit` items or somewhat more, as many as there are, past
  /// the entries that mean nothing to it. Waits for a first entry only.
  private func readable<Item>(
    _ log: String, after position: String, _ limit: Int, _ duration: Duration, _ meaning: (LogEntry) -> [Item]?
  ) async throws(QueueError) -> [Item] {
    let end = ContinuousClock.now + duration
    var (items, after, reading) = ([Item](), position, LogReading())
    while true {
      let asked = reading.entries(for: limit - items.count)
      let wait = items.isEmpty ? max(.zero, end - .now) : .zero
      let entries = try await read(log, after: after, asked, wait)
      var unreadable: [LogEntry] = []
      for entry in entries {
        guard let found = meaning(entry) else {
          unreadable.append(entry)
          continue
        }
        items += found
        reading.note(items: found.count, bytes: entry.sizeBytes)
      }
      try await moveAside(unreadable, of: log)
      guard let last = entries.last, items.count < limit else { return items }
      // Fewer than asked for are all there are; of a wait that found nothing of use the rest is left.
      if entries.count < asked, !items.isEmpty { return items }
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

/// How many entries are to be read for so many items, by what those before had: an entry has up to 64 items, and what is
/// read beyond need is read in vain.
private struct LogReading {
  private static let itemsMax = 64
  /// Asked for at once, about.
  private static let bytesMax = 16 << 20
  private var (entries, items, bytes) = (0, 0, 0)

  mutating func note(items: Int, bytes: Int) {
    self.entries += 1
    self.items += items
    self.bytes += bytes
  }

  func entries(for missing: Int) -> Int {
    guard items > 0 else { return max(1, (missing + Self.itemsMax - 1) / Self.itemsMax) }
    let needed = (missing * entries + items - 1) / items
    return max(1, min(needed, Self.bytesMax * entries / max(1, bytes)))
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

  var sizeBytes: Int { fields.reduce(0) { $0 + $1.count } }

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
