public import StrataCore

extension RedisQueue {
  public func preempt(_ preemptions: [Preemption]) async throws(QueueError) -> [PreemptVerdict] {
    try await runs(of: preemptions, lease: \.lease, sizeBytes: { _ in 0 }) { batch, worker throws(QueueError) in
      let answer = try await run(.preempt) { command in
        command.append(worker.bytes)
        command.append(batch.map(\.lease))
        for preemption in batch { command.append(preemption.preemptor.rawValue) }
      }
      return try verdicts(answer, ["0": .stale, "1": .signalled, "2": .refused])
    }
  }

  public func reserve(_ lane: Lane, on worker: WorkerID, for duration: Duration) async throws(QueueError) -> Bool {
    let answer = try await run(.reserve) { command in
      command.append(now)
      command.append(worker.bytes)
      command.append(lane.descriptor)
      command.append(duration.wholeMicroseconds)
    }
    guard let count = answer.integer else { throw unexpected(answer) }
    return count == 1
  }

  public func running() async throws(QueueError) -> [WorkerLoad] {
    var (loads, seen, passed): ([WorkerLoad], Set<WorkerID>, Int) = ([], [], 0)
    let (page, most) = (configuration.limits.batchSize, configuration.limits.censusWorkersMax)
    while passed < most {
      let asked = min(page, most - passed)
      let answer = try await run(.running) { command in
        command.append(passed)
        command.append(asked)
      }
      guard let parts = answer.array, let lanes = parts.first?.array else { throw unexpected(answer) }
      let found = Self.loads(parts.dropFirst(), Self.described(lanes))
      // One whose deadline has moved since is found again.
      loads += found.filter { seen.insert($0.id).inserted }
      passed += asked
      if parts.count - 1 < 5 * asked { break }
    }
    return loads
  }

  /// Lanes by their numbers.
  private static func described(_ values: [RedisValue]) -> [[UInt8]: Lane] {
    stride(from: 0, to: values.count - 1, by: 2).reduce(into: [:]) { lanes, index in
      guard let number = values[index].bytes else { return }
      lanes[number] = values[index + 1].bytes.flatMap(Lane.init(descriptor:))
    }
  }

  private static func loads(_ values: ArraySlice<RedisValue>, _ lanes: [[UInt8]: Lane]) -> [WorkerLoad] {
    let values = Array(values)
    return stride(from: 0, to: values.count - 4, by: 5).compactMap { index in
      guard let id = values[index].bytes.flatMap({ WorkerID(bytes: $0) }), let deadline = values[index + 1].integer,
        (0..<Int64(QueueLimits.tokenLimit)).contains(deadline)
      else { return nil }
      let running = Self.running(values[index + 4].array ?? [], of: id, lanes)
      return WorkerLoad(
        id: id, deadline: Timestamp(microseconds: deadline),
        place: values[index + 3].text.flatMap { $0.isEmpty ? nil : $0 },
        capacity: values[index + 2].bytes.flatMap(WorkerLoad.Capacity.init(packed:)),
        running: running.sorted { ($0.lease.token, $0.lease.job) < ($1.lease.token, $1.lease.job) })
    }
  }

  /// What cannot be read is passed over: whoever ends it moves it aside.
  private static func running(
    _ values: [RedisValue], of worker: WorkerID, _ lanes: [[UInt8]: Lane]
  ) -> [WorkerLoad.Running] {
    stride(from: 0, to: values.count - 1, by: 2).compactMap { index in
      guard let job = values[index].bytes.flatMap({ JobID(bytes: $0) }),
        let lease = values[index + 1].bytes.flatMap({ LeaseRecord($0 + worker.bytes) }),
        let lane = lanes[lease.job.lane]
      else { return nil }
      return WorkerLoad.Running(
        lease: LeaseReference(job: job, worker: worker, token: lease.token), lane: lane, startedAt: lease.startedAt,
        isPreemptible: lease.job.isPreemptible, isEnding: lease.isCancelRequested || lease.preemptor != nil)
    }
  }
}

extension WorkerLoad.Capacity {
  /// Reads what `scripts/shared/capacity.lua` packs; nil for anything else.
  init?(packed bytes: [UInt8]) {
    var reader = ByteReader(bytes)
    guard let cpu = reader.amount(), let memory = reader.amount(), let gpu = reader.amount(),
      let left = reader.number(UInt16.self), let kept = reader.number(UInt8.self),
      let dedicated = reader.number(UInt8.self)
    else { return nil }
    var tiers: [TierName] = []
    while let length = reader.number(UInt8.self) {
      guard let tier = reader.text(Int(length)).flatMap(TierName.init(rawValue:)) else { return nil }
      tiers.append(tier)
    }
    self.init(
      wholeRoom: ResourceRequest(cpuMillicores: cpu, memoryBytes: memory, gpuThousandths: gpu), slotsLeft: Int(left),
      keepsFor: PriorityClass(rawValue: Int(kept)), isDedicated: dedicated == 1, tiers: tiers)
  }
}
