public import StrataCore
internal import StrataRuntime

// The calls that wait.
extension MemoryQueue {
  public func signals(for worker: WorkerID, waitingUpTo duration: Duration) async throws(QueueError)
    -> [WorkerSignal]
  {
    await waiting(upTo: duration) { queue in queue.signalled.removeValue(forKey: worker) ?? [] }
  }

  public func dueSignal(waitingUpTo duration: Duration) async throws(QueueError) -> Bool {
    await waiting(upTo: duration) { queue in
      defer { queue.isDueSignalled = false }
      return queue.isDueSignalled ? [true] : []
    } == [true]
  }

  public func outcomes(after position: OutcomePosition?, limit: Int, waitingUpTo duration: Duration)
    async throws(QueueError) -> [QueuedOutcome]
  {
    await waiting(upTo: duration) { queue in
      for (entry, outcomes) in Dictionary(grouping: queue.outcomeLog, by: \.position.startOfEntry) {
        queue.acknowledged.told(outcomes.map(\.position), of: entry)
      }
      return Array(queue.outcomeLog.filter { position.map($0.position.isAfter) ?? true }.prefix(max(1, limit)))
    }
  }

  public func acknowledge(_ positions: [OutcomePosition]) async throws(QueueError) {
    let gone = Set(acknowledged.add(positions))
    outcomeLog.removeAll { gone.contains($0.position.startOfEntry) }
  }

  public func announce(_ finished: [FinishedNotice]) async throws(QueueError) {
    try requireGeneration()
    guard !finished.isEmpty else { return }
    announce(finished.map { ($0.job, .finished($0.state)) }, at: tick())
    bell.ring()
  }

  public func events(after position: OutcomePosition?, limit: Int, waitingUpTo duration: Duration)
    async throws(QueueError) -> [QueueEvent]
  {
    let start = position ?? eventLog.last?.position
    return await waiting(upTo: duration) { queue in
      Array(queue.eventLog.filter { start.map($0.position.isAfter) ?? true }.prefix(max(1, limit)))
    }
  }

  public func unreadable(after position: OutcomePosition?, limit: Int, waitingUpTo duration: Duration)
    async throws(QueueError) -> [UnreadableEntry]
  {
    await waiting(upTo: duration) { queue in
      Array(queue.unreadableLog.filter { position.map($0.position.isAfter) ?? true }.prefix(max(1, limit)))
    }
  }

  /// Says that something could not be read. Nothing in memory is ever so: tests play what a store may do.
  package func setAside(_ place: UnreadableEntry.Place, _ name: String, because reason: String) {
    let position = position(tick(), 0)
    unreadableLog.append(UnreadableEntry(position: position, place: place, name: name, reason: reason))
    unreadableLog.removeFirst(max(0, unreadableLog.count - limits.unreadableMax))
    bell.ring()
  }

  /// What `look` finds, as soon as it finds something, or nothing after `duration`.
  private func waiting<Found>(
    upTo duration: Duration, _ look: (isolated MemoryQueue) -> [Found]
  ) async -> [Found] {
    let end = time.now + duration
    while true {
      let number = bell.newNumber()
      let found = look(self)
      let rest = end - time.now
      if !found.isEmpty || rest <= .zero || Task.isCancelled || isStopped {
        bell.wake(number)
        return found
      }
      await change(number, within: rest)
    }
  }

  private func wake(_ number: Int) { bell.wake(number) }

  /// Returns when something has changed since `number` was taken, the time is over or the task is cancelled.
  private func change(_ number: Int, within duration: Duration) async {
    let timer = time.start { [time] in
      await time.pause(duration)
      await self.wake(number)
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { bell.wait(number, $0) }
    } onCancel: {
      timer.cancel()
    }
    timer.cancel()
  }
}

extension OutcomePosition {
  fileprivate func isAfter(_ other: OutcomePosition) -> Bool { self > other }
}
