public import StrataCore

// What operators look at. All of it only reads.
extension RedisQueue {
  public func load() async throws(QueueError) -> QueueLoad {
    let info = try await send(RedisCommand("INFO", "memory"))
    var command = RedisCommand("HLEN")
    command.append(key("jobs"))
    let jobs = try await send(command)
    guard let text = info.text, let jobs = jobs.integer else { throw unexpected(info) }
    let facts = ServerFacts(text)
    // What the server does not count against its limit are buffers of its own.
    let used = max(0, (facts["used_memory"] ?? 0) - (facts["mem_not_counted_for_evict"] ?? 0))
    return QueueLoad(
      jobs: Int(jobs), memoryUsedBytes: used, memoryMaxBytes: facts.positive("maxmemory"),
      machineMemoryBytes: facts.positive("total_system_memory"))
  }

  public func standing(of pool: QueuePool, first limit: Int) async throws(QueueError) -> PoolStanding {
    var (found, virtualTime, cursor, looked) = (FirstStandings(limit: limit), Int64(0), UInt64(0), 0)
    let page = configuration.limits.batchSize
    repeat {
      let answer = try await run(.pool) { command in
        command.append(pool.priorityClass.rawValue)
        command.append(pool.tier.rawValue)
        command.append(cursor)
        command.append(page)
      }
      guard let parts = answer.array, parts.count >= 2, let next = parts[0].text.flatMap({ UInt64($0) }),
        let time = parts[1].integer
      else { throw unexpected(answer) }
      found.add(Self.standings(parts.dropFirst(2)))
      (cursor, virtualTime, looked) = (next, time, looked + page)
    } while cursor != 0 && looked < configuration.limits.poolTenantsMax
    return PoolStanding(
      pool: pool, virtualTime: virtualTime, tenants: found.first, count: found.count,
      weightWaiting: found.weightWaiting)
  }

  public func standing(of tenants: [TenantID]) async throws(QueueError) -> [PoolStanding] {
    let parts = try await batches(of: tenants) { batch throws(QueueError) in
      let answer = try await run(.standing) { command in
        for tenant in batch { command.append(tenant.bytes) }
      }
      guard let pools = answer.array else { throw unexpected(answer) }
      return try pools.map { pool throws(QueueError) in
        guard let standing = Self.pool(pool) else { throw unexpected(answer) }
        return standing
      }
    }
    return Self.merged(parts)
  }

  /// A pool's values as the script tells them.
  private static func pool(_ value: RedisValue) -> PoolStanding? {
    guard let parts = value.array, parts.count >= 3,
      let priorityClass = parts[0].integer.flatMap({ PriorityClass(rawValue: Int($0)) }),
      let tier = parts[1].text.flatMap(TierName.init(rawValue:)), let time = parts[2].integer
    else { return nil }
    return PoolStanding(
      pool: QueuePool(tier: tier, priorityClass: priorityClass), virtualTime: time,
      tenants: standings(parts.dropFirst(3)))
  }

  /// What several calls told of the same pools.
  private static func merged(_ parts: [PoolStanding]) -> [PoolStanding] {
    Dictionary(grouping: parts, by: \.pool).sorted { $0.key < $1.key }.map { pool, parts in
      PoolStanding(
        pool: pool, virtualTime: parts.map(\.virtualTime).max() ?? 0, tenants: parts.flatMap(\.tenants))
    }
  }

  private static func standings(_ values: ArraySlice<RedisValue>) -> [TenantStanding] {
    let values = Array(values)
    return stride(from: 0, to: values.count - 4, by: 5).compactMap { index in
      guard let tenant = values[index].bytes.flatMap({ TenantID(bytes: $0) }),
        let waiting = values[index + 1].integer, let running = values[index + 2].integer,
        let weight = values[index + 3].integer, let tag = values[index + 4].integer
      else { return nil }
      return TenantStanding(
        tenant: tenant, waiting: Int(waiting), running: Int(running), weight: Int(weight), tag: tag)
    }
  }

  /// Tenants whose oldest jobs are looked for in one call: in each of the lanes in which one waits there may be a hundred
  /// priorities to look at.
  private static let oldestMax = 50

  public func oldest(of tenants: [TenantID], in pool: QueuePool) async throws(QueueError) -> [JobID?] {
    try await batches(of: tenants, countMax: Self.oldestMax) { batch throws(QueueError) in
      let answer = try await run(.oldest) { command in
        command.append(pool.priorityClass.rawValue)
        command.append(pool.tier.rawValue)
        for tenant in batch { command.append(tenant.bytes) }
      }
      guard let jobs = answer.array, jobs.count == batch.count else { throw unexpected(answer) }
      return jobs.map { $0.bytes.flatMap { JobID(bytes: $0) } }
    }
  }

  public func room() async throws(QueueError) -> QueueRoom {
    let answer = try await run(.room) { command in
      command.append(now)
      command.append(configuration.limits.censusWorkersMax)
    }
    guard let parts = answer.array, parts.count == 4, let time = parts[0].integer, let due = parts[1].text,
      let lanes = parts[2].array, let workers = parts[3].array
    else { throw unexpected(answer) }
    return QueueRoom(
      time: Timestamp(microseconds: time), lanes: Self.waiting(lanes),
      nextDue: Int64(due).map(Timestamp.init(microseconds:)), workers: Self.roomy(workers))
  }

  private static func waiting(_ values: [RedisValue]) -> [Lane: QueueRoom.Waiting] {
    var lanes: [Lane: QueueRoom.Waiting] = [:]
    for index in stride(from: 0, to: values.count - 6, by: 7) {
      guard let lane = values[index].bytes.flatMap(Lane.init(descriptor:)) else { continue }
      let next = values[index + 4].bytes.flatMap { TenantID(bytes: $0) }.map {
        QueueRoom.Head(tenant: $0, tag: values[index + 5].integer ?? 0)
      }
      lanes[lane] = QueueRoom.Waiting(
        ready: Int(values[index + 1].integer ?? 0), leased: Int(values[index + 2].integer ?? 0),
        delayed: Int(values[index + 3].integer ?? 0), next: next,
        nextJob: values[index + 6].bytes.flatMap { JobID(bytes: $0) })
    }
    return lanes
  }

  private static func roomy(_ values: [RedisValue]) -> [QueueRoom.Worker] {
    stride(from: 0, to: values.count - 6, by: 7).compactMap { index in
      guard let id = values[index].bytes.flatMap({ WorkerID(bytes: $0) }), let deadline = values[index + 1].integer,
        (0..<Int64(QueueLimits.tokenLimit)).contains(deadline)
      else { return nil }
      let noted = values[index + 3].bytes.map(notedRoom)
      return QueueRoom.Worker(
        id: id, deadline: Timestamp(microseconds: deadline), leases: Int(values[index + 2].integer ?? 0),
        idle: idle(values[index + 5].array ?? []), free: noted?.free,
        runs: values[index + 4].text.flatMap(TierName.init(rawValue:)), dedication: noted?.dedication,
        capacity: values[index + 6].bytes.flatMap(WorkerLoad.Capacity.init(packed:)))
    }
  }

  private static func idle(_ values: [RedisValue]) -> [TierName: Int] {
    stride(from: 0, to: values.count - 1, by: 2).reduce(into: [:]) { idle, index in
      guard let tier = values[index].text.flatMap(TierName.init(rawValue:)) else { return }
      idle[tier] = Int(values[index + 1].integer ?? 0)
    }
  }

  /// What `wake.lua` says of an idle worker. One that keeps its room has nothing free.
  private static func notedRoom(_ bytes: [UInt8]) -> (free: ResourceRequest?, dedication: Dedication?) {
    var reader = ByteReader(bytes)
    guard let cpu = reader.amount(), let memory = reader.amount(), let gpu = reader.amount() else { return (nil, nil) }
    let free = ResourceRequest(cpuMillicores: cpu, memoryBytes: memory, gpuThousandths: gpu)
    let keeps = reader.number(UInt8.self) ?? 0
    let tenant = reader.identifier(TenantID.self)
    let lends = reader.number(UInt8.self) == 1
    return (keeps == 0 ? free : nil, tenant.map { Dedication(tenant: $0, lends: lends) })
  }
}

/// Numbers that a server says of itself, as INFO writes them: lines of `name:value`.
private struct ServerFacts {
  private let numbers: [Substring: Int64]

  init(_ text: String) {
    numbers = text.split(whereSeparator: \.isNewline).reduce(into: [:]) { numbers, line in
      let parts = line.split(separator: ":", maxSplits: 1)
      if parts.count == 2, let number = Int64(parts[1]) { numbers[parts[0]] = number }
    }
  }

  subscript(_ name: String) -> Int64? { numbers[Substring(name)] }

  /// Nil also for 0, which stands for none.
  func positive(_ name: String) -> Int64? { self[name].flatMap { $0 > 0 ? $0 : nil } }
}
