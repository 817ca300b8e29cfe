import ControlTestSupport
import StrataArtifacts
import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime
import TestSupport
import Testing

@Suite struct EventHubTests {
  /// A hub that follows a queue while `body` runs.
  private func withHub(_ body: (EventHub, MemoryQueue) async throws -> Void) async throws {
    let queue = MemoryQueue()
    try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
    let hub = EventHub(queue: queue)
    let running = Task { await hub.run() }
    try await body(hub, queue)
    running.cancel()
    await running.value
  }

  private func finish(_ job: JobID, in queue: MemoryQueue) async throws {
    try await queue.announce([FinishedNotice(job: job, state: .succeeded)])
  }

  /// The next event, past notices of silence.
  private func next(_ notices: inout EventHub.Notices.Iterator) async -> QueueEvent? {
    while let notice = await notices.next(isolation: #isolation) {
      if case .event(let event) = notice { return event }
    }
    return nil
  }

  @Test func everyWatcherOfAJobSeesItsEventsAndNoOthers() async throws {
    try await withHub { hub, queue in
      let (mine, other) = (JobID(), JobID())
      var first = await hub.watch(mine, after: nil).makeAsyncIterator()
      var second = await hub.watch(mine, after: nil).makeAsyncIterator()
      try await finish(other, in: queue)
      try await finish(mine, in: queue)
      #expect(await next(&first)?.job == mine)
      #expect(await next(&second)?.job == mine)
    }
  }

  @Test func aRevocationHasWatchersLookAtTheirKeys() async throws {
    try await withHub { hub, _ in
      var notices = await hub.watch(JobID(), after: nil, silenceEvery: .seconds(3_600)).makeAsyncIterator()
      await hub.noteRevocation()
      #expect(await notices.next(isolation: #isolation) == .keyRevoked)
    }
  }

  @Test func whoComesBackGetsWhatCameAfterTheEventItSawLast() async throws {
    try await withHub { hub, queue in
      let job = JobID()
      var watcher = await hub.watch(job, after: nil).makeAsyncIterator()
      for _ in 0..<3 { try await finish(job, in: queue) }
      var seen: [QueueEvent] = []
      for _ in 0..<3 { seen.append(try #require(await next(&watcher))) }
      var again = await hub.watch(job, after: seen[0].position).makeAsyncIterator()
      #expect(await next(&again) == seen[1])
      #expect(await next(&again) == seen[2])
    }
  }

  @Test func aSlowWatcherMissesOldEventsAndNeverTheLast() async throws {
    try await withHub { hub, queue in
      let job = JobID()
      // The first to watch is told first: when the quick one has seen an event, the slow one has it waiting.
      let slow = await hub.watch(job, after: nil)
      var quick = await hub.watch(job, after: nil).makeAsyncIterator()
      let count = 2 * EventHub.backlogMax
      var last: QueueEvent?
      for _ in 0..<count {
        try await finish(job, in: queue)
        last = await next(&quick)
      }
      var late: [QueueEvent] = []
      for await case .event(let event) in slow {
        late.append(event)
        if event == last { break }
      }
      #expect(late.last == last && late.count <= EventHub.backlogMax)
    }
  }

  @Test func silenceIsNoticed() async throws {
    let hub = EventHub(queue: MemoryQueue())
    var notices = await hub.watch(JobID(), after: nil, silenceEvery: .milliseconds(1)).makeAsyncIterator()
    #expect(await notices.next() == .silence)
  }

  @Test func whoStopsWatchingIsForgotten() async throws {
    let hub = EventHub(queue: MemoryQueue())
    let watching = Task {
      for await _ in await hub.watch(JobID(), after: nil) {}
    }
    try await eventually("it watches") { await hub.watcherCount == 1 }
    watching.cancel()
    await watching.value
    try await eventually("it is forgotten") { await hub.watcherCount == 0 }
  }
}
