import StrataCore
import StrataQueue
import StrataWorker

/// A shell for `WorkerState` that answers its actions in random order, and notes what must not happen.
struct WorkerModel {
  private(set) var faults: [String] = []
  private var state: WorkerState
  private let slots: Int
  private let now: ContinuousClock.Instant
  private var token: UInt64 = 0
  private var asked: Int?
  private var running: Set<LeaseReference> = []
  private var reporting: Set<LeaseReference> = []
  private var isFinished = false

  init(slots: Int, now: ContinuousClock.Instant) {
    self.slots = slots
    self.now = now
    state = WorkerState(slots: slots)
  }

  mutating func step(using random: inout SeededGenerator) {
    switch Int.random(in: 0..<8, using: &random) {
    case 0: feed(.mayHaveWork)
    case 1, 2: answerLease(using: &random)
    case 3: endOne(using: &random)
    case 4: reporting.randomElement(using: &random).map { answer($0) }
    case 5: running.randomElement(using: &random).map { feed(.cancelSignalled($0.job)) }
    case 6: running.randomElement(using: &random).map { feed(.leaseLost($0)) }
    default:
      feed(
        .heartbeat(
          lost: [], cancelRequested: [], wasKnown: .random(using: &random), sent: state.held,
          ownedUntil: now + .seconds(9)))
    }
  }

  mutating func stop(using random: inout SeededGenerator) {
    feed(.stopRequested)
    feed(Bool.random(using: &random) ? .drainGraceOver : .stopRequested)
    for _ in 0..<1_000 where !isFinished {
      answerLease(using: &random)
      endOne(using: &random)
      reporting.randomElement(using: &random).map { answer($0) }
    }
    if !isFinished { faults.append("never finished") }
  }

  private mutating func answerLease(using random: inout SeededGenerator) {
    guard let count = asked else { return }
    asked = nil
    if Int.random(in: 0..<5, using: &random) == 0 { return feed(.leaseFailed) }
    let leases = (0..<Int.random(in: 0...count, using: &random)).map { _ in
      token += 1
      return Lease(
        job: QueuedJob(id: JobID(high: token, low: 1), tier: .cpu, priority: .standard, attemptsMax: 1, payload: []),
        token: FencingToken(rawValue: token), attempt: 1)
    }
    feed(.granted(leases, asked: count, ownedUntil: now + .seconds(10), now: now))
  }

  private mutating func endOne(using random: inout SeededGenerator) {
    guard let lease = running.randomElement(using: &random) else { return }
    running.remove(lease)
    let isReported = Bool.random(using: &random)
    if isReported { reporting.insert(lease) }
    feed(.attemptEnded(lease, isReported: isReported))
  }

  private mutating func answer(_ lease: LeaseReference) {
    reporting.remove(lease)
    feed(.reportAnswered(lease))
  }

  private mutating func feed(_ event: WorkerState.Event) {
    for action in state.handle(event) {
      switch action {
      case .lease(let count):
        if asked != nil { faults.append("two lease calls at once") }
        if state.phase != .working { faults.append("asked while stopping") }
        if running.count + count > slots { faults.append("asked for more than its slots") }
        asked = count
      case .start(let lease): running.insert(lease.reference)
      case .release(let lease): reporting.insert(lease.reference)
      case .end(let lease, _): if !running.contains(lease) { faults.append("ended what does not run") }
      case .finish:
        if !running.isEmpty || !reporting.isEmpty { faults.append("finished with work in hand") }
        isFinished = true
      case .hasten, .beginDrainGrace: break
      }
    }
    if running.count > slots { faults.append("ran more than its slots") }
  }
}
