import Glibc
import StrataCore
import StrataRuntime
import Synchronization

/// What an attempt says while it runs.
struct AttemptSink: Sendable {
  let progress: @Sendable (_ fraction: Double?, _ stage: String?) -> Void
  let log: @Sendable ([UInt8]) -> Void
}

/// One attempt in one runner, from its start until nothing of it is left: does what `AttemptSupervision` decides.
final class AttemptRun: Sendable {
  private typealias Event = AttemptSupervision.Event

  private let runner: RunnerProcess
  private let assignment: Assignment
  private let limits: AttemptLimits
  private let adoptsOrphans: Bool
  private let sink: AttemptSink
  private let meter: TreeMeter
  private let events: AsyncStream<Event>
  private let feed: AsyncStream<Event>.Continuation

  init(
    _ assignment: Assignment, in runner: RunnerProcess, limits: AttemptLimits, adoptsOrphans: Bool, sink: AttemptSink
  ) {
    self.runner = runner
    self.adoptsOrphans = adoptsOrphans
    self.assignment = assignment
    self.limits = limits
    self.sink = sink
    meter = TreeMeter(root: runner.child.pid)
    (events, feed) = AsyncStream.makeStream(of: Event.self)
  }

  /// Ends the attempt early. Safe at any time; only the first reason counts, but for a lost lease.
  func stop(_ reason: StopReason) { feed.yield(.stop(reason)) }

  /// Kills an attempt that is being stopped without waiting for its grace.
  func hasten() { feed.yield(.hasten) }

  /// Runs it. The runner may be used again if it is still alive afterwards.
  func run() async -> (end: AttemptEnd, usage: AttemptUsage) {
    let start = ContinuousClock.now
    runner.log.attach(sink.log)
    runner.link.listen { self.take($0) }
    let watch = Task { await self.watchLimits(since: start) }
    let end = await supervise()
    watch.cancel()
    runner.link.listen(nil)
    runner.log.detach()
    if !runner.isAlive { await meter.endStrays(adoptsOrphans: adoptsOrphans) }
    let wall = (ContinuousClock.now - start).nanoseconds / 1_000
    return (end, meter.usage(outcome: end.outcome, exit: runner.child.exit, wallMicroseconds: wall))
  }

  private func supervise() async -> AttemptEnd {
    var supervision = AttemptSupervision(
      memoryLimitBytes: assignment.order.resources.memoryBytes, outputLimitBytes: limits.outputBytesMax,
      entriesLimit: limits.entriesMax,
      processorLimit: limits.processorTimeIsHeld ? assignment.order.processorTimeMax : nil)
    do { try await runner.send(.run(assignment)) } catch { feed.yield(.runnerExited("could not be told what to do")) }
    for await event in events {
      guard let action = supervision.handle(event) else { continue }
      if case .end(let end) = action { return end }
      await perform(action)
    }
    return AttemptEnd(reason: nil, outcome: nil, exit: "was abandoned")
  }

  private func perform(_ action: AttemptSupervision.Action) async {
    switch action {
    case .askToSave:
      let terms = assignment.order.preemption ?? PreemptionTerms()
      try? await runner.send(.save(terms.signal))
      Task { [feed] in
        try? await Task.sleep(for: .seconds(terms.graceSeconds), clock: .continuous)
        feed.yield(.savingOver)
      }
    case .askToStop:
      try? await runner.send(.stop)
      let grace = limits.stopGrace
      Task { [feed] in
        try? await Task.sleep(for: grace, clock: .continuous)
        feed.yield(.graceOver)
      }
    case .killTree:
      meter.close(await runner.kill())
      feed.yield(.runnerExited("was killed"))
    case .end: break
    }
  }

  private func take(_ reply: RunnerReply?) {
    switch reply {
    case .ready: break
    case .progress(let fraction, let stage): sink.progress(fraction, stage)
    case .outcome(let outcome): feed.yield(.outcome(outcome))
    case nil: Task { await self.watchEnd() }
    }
  }

  /// The socket's end comes a moment before the process's. A runner that lives on sends garbage.
  private func watchEnd() async {
    guard let exit = await runner.child.wait(atMost: limits.stopGrace) else {
      feed.yield(.garbled)
      return
    }
    feed.yield(.runnerExited("ended with \(exit.status)"))
  }

  /// Samples until cancelled, and notices when the time is over. One short sleep after the other: the runtime keeps
  /// what a cancelled sleep needs until its time has come, and a job's time may be hours.
  private func watchLimits(since start: ContinuousClock.Instant) async {
    var deadline = Optional(start + .seconds(assignment.order.timeoutSeconds))
    var sampleAt = start + limits.sampleInterval
    var files = FolderGauge(of: assignment.workingFolder, limits)
    while true {
      let wakeAt = deadline.map { min($0, sampleAt) } ?? sampleAt
      guard (try? await Task.sleep(until: wakeAt, clock: .continuous)) != nil else { return }
      if let over = deadline, over <= .now {
        feed.yield(.stop(.timeout))
        deadline = nil
      }
      guard sampleAt <= .now else { continue }
      sample(&files)
      sampleAt = .now + limits.sampleInterval
    }
  }

  private func sample(_ files: inout FolderGauge) {
    let (memoryBytes, processorTime) = meter.sample()
    let usage = files.read()
    feed.yield(
      .sample(
        memoryBytes: memoryBytes, outputBytes: usage.bytes, outputEntries: usage.entries, processorTime: processorTime))
  }
}

/// Measures an attempt's folder, the more seldom the longer that takes: the thread is wanted for other attempts too.
private struct FolderGauge {
  /// How much longer than a measurement took the pause after it is.
  private static let pauseFactor = 9

  private let path: String
  private let limits: AttemptLimits
  private var last = FileTree.Usage()
  private var nextAt = ContinuousClock.now

  init(of path: String, _ limits: AttemptLimits) {
    self.path = path
    self.limits = limits
  }

  mutating func read() -> FileTree.Usage {
    let start = ContinuousClock.now
    guard start >= nextAt else { return last }
    last = FileTree.usage(of: path, entriesMax: limits.entriesMax)
    // What is not looked at any more is over the limit.
    if last.isCut { last.entries += 1 }
    let end = ContinuousClock.now
    nextAt = end + (end - start) * Self.pauseFactor
    return last
  }
}
