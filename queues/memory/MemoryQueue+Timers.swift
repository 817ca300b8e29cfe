public import StrataCore
internal import StrataScheduling

// What is to happen at a time.
extension MemoryQueue {
  enum Timer: Hashable {
    case ready(JobID)
    case startBy(JobID)
    case gate(Gate)
    /// A worker keeps room in a pool.
    case keeper(QueuePool)
  }

  public func promote(limit: Int) async throws(QueueError) -> Promotion {
    try requireGeneration()
    isDueSignalled = false
    let due = timers.filter { $0.at <= now }.prefix(max(0, limit)).map(\.timer)
    let promoted = due.compactMap { timer in if case .ready(let id) = timer { id } else { nil } }
    for id in promoted { jobs[id]?.due = nil }
    admit(promoted.compactMap { jobs[$0] })
    let expired = finishLate(due.compactMap { timer in if case .startBy(let id) = timer { id } else { nil } })
    for case .gate(let gate) in due { gates[gate]?.timer = nil }
    askKeepersAgain(in: due.compactMap { timer in if case .keeper(let pool) = timer { pool } else { nil } })
    for case .gate(let gate) in due {
      gates[gate]?.isArmed = false
      if gates[gate]?.bucket != nil { letThrough(gate, wasFull: true) }
    }
    armGates(due.compactMap { timer in if case .gate(let gate) = timer { gate } else { nil } })
    bell.ring()
    return Promotion(count: promoted.count, expired: expired, timers: due.count, nextDue: nextTimer)
  }

  public func time() async throws(QueueError) -> (now: Timestamp, latest: Timestamp) {
    (now, Timestamp(microseconds: Int64(clamping: lastTick)))
  }

  public func rewind(by duration: Duration, within late: Duration) async throws(QueueError) -> Int {
    try requireGeneration()
    let shift = duration.wholeMicroseconds
    let from = now + .microseconds(max(shift - late.wholeMicroseconds, shift / 2))
    func moved(_ due: Timestamp) -> Timestamp { max(now, Timestamp(microseconds: due.microseconds - shift)) }
    var count = 0
    // No worker is given so long; one may have been over for a while before the clock was set back.
    for (worker, deadline) in workers where deadline > now + .microseconds(shift / 2) {
      workers[worker] = moved(deadline)
      count += 1
    }
    for (at, timer) in timers where at > from {
      switch timer {
      case .ready(let id):
        guard jobs[id]?.attemptsMade ?? 0 > 0 else { continue }
        jobs[id]?.due = moved(at)
      case .gate(let gate): gates[gate]?.timer = moved(at)
      case .keeper(let pool): keepers[pool]?.until = moved(at)
      case .startBy: continue
      }
      count += 1
    }
    if count > 0 { isDueSignalled = true }
    return count
  }

  /// All that are set, as they are due; those of one instant in the order of their names in Redis.
  private var timers: [(at: Timestamp, timer: Timer)] {
    var all: [(at: Timestamp, name: [UInt8], timer: Timer)] = []
    for held in jobs.values {
      let id = held.job.id
      if let due = held.due { all.append((due, id.bytes, .ready(id))) }
      if let end = held.startBy { all.append((end, Array("x".utf8) + id.bytes, .startBy(id))) }
    }
    for (gate, held) in gates {
      if let due = held.timer { all.append((due, Array("g".utf8) + gate.field, .gate(gate))) }
    }
    for (pool, keeper) in keepers {
      let name = "r\(pool.priorityClass.rawValue):\(pool.tier.rawValue)"
      all.append((keeper.until, Array(name.utf8), .keeper(pool)))
    }
    all.sort { $0.at != $1.at ? $0.at < $1.at : $0.name.lexicographicallyPrecedes($1.name) }
    return all.map { ($0.at, $0.timer) }
  }

  /// When the next is due.
  var nextTimer: Timestamp? { timers.first?.at }

  /// Sets timers by `body`, and says so where one of them is due before all others.
  func settingTimers<Value>(_ body: () -> (Value, [Timestamp])) -> Value {
    let first = nextTimer
    let (value, set) = body()
    if let earliest = set.min(), first.map({ earliest < $0 }) ?? true { isDueSignalled = true }
    return value
  }

  /// Finishes those of the jobs that no attempt has begun of. Returns how many.
  private func finishLate(_ ids: [JobID]) -> Int {
    var late: [JobID] = []
    for id in ids {
      jobs[id]?.startBy = nil
      guard let held = jobs[id], held.attemptsMade == 0 else { continue }
      guard held.lease == nil else {
        jobs[id]?.lease?.isLate = true
        continue
      }
      takeOut(held)
      late.append(id)
    }
    if !late.isEmpty { logUnstarted(late, .expired) }
    return late.count
  }

  /// Has gates looked at again that have run out of starts, when they have some.
  func armGates(_ changed: [Gate]) {
    settingTimers {
      var set: [Timestamp] = []
      for gate in changed {
        guard let held = gates[gate], var bucket = held.bucket, !held.isArmed, bucket.available(at: now) == 0 else {
          continue
        }
        let due = bucket.instantOfNext(within: limits.throttleStep, at: now)
        gates[gate]?.isArmed = true
        gates[gate]?.timer = due
        set.append(due)
      }
      return ((), set)
    }
  }
}
