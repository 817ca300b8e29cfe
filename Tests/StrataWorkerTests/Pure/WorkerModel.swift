import StrataCore
import StrataQueue
import StrataWorker

/// A shell for `WorkerState` that answers its actions in random order, and notes what must not happen.
struct WorkerModel {
  private(set) var faults: [String] = []
  private var state: WorkerState
  private let slots: Int
  private let room: ResourceRequest
  private let now: ContinuousClock.Instant
  private var token: UInt64 = 0
  private var asked: (count: Int, room: ResourceRequest)?
  private static let worker = WorkerID(high: 2, low: 2)
  private var sizes: [LeaseReference: Int64] = [:]
  private var running: Set<LeaseReference> = []
  private var reporting: Set<LeaseReference> = []
  private var isFinished = false
  private var hasLeft = false

  init(slots: Int, now: ContinuousClock.Instant) {
    self.slots = slots
    self.now = now
    room = ResourceRequest(cpuMillicores: Int64(slots) * 1_500, memoryBytes: 64 << 30)
    state = WorkerState(slots: slots, room: room)
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
    guard let (count, room) = asked else { return }
    asked = nil
    if Int.random(in: 0..<5, using: &random) == 0 { return feed(.leaseFailed) }
    var (leases, left): ([Lease], Int64) = ([], room.cpuMillicores)
    for _ in 0..<Int.random(in: 0...count, using: &random) where left > 0 {
      token += 1
      let cpu = Int64.random(in: 1...min(left, 3_000), using: &random)
      left -= cpu
      let lane = Lane(tier: .cpu, capability: "noop", resources: ResourceRequest(cpuMillicores: cpu))
      let job = QueuedJob(id: JobID(high: token, low: 1), tenant: TenantID(), lane: lane, attemptsMax: 1, payload: [])
      leases.append(Lease(job: job, worker: Self.worker, token: FencingToken(rawValue: token), attempt: 1))
      sizes[leases[leases.count - 1].reference] = cpu
    }
    feed(.granted(leases, asked: count, room: room, ownedUntil: now + .seconds(10), now: now))
  }

  private mutating func endOne(using random: inout SeededGenerator) {
    guard let lease = running.randomElement(using: &random) else { return }
    running.remove(lease)
    let isReported = Bool.random(using: &random)
    if isReported { reporting.insert(lease) }
    feed(.attemptsEnded([lease], areReported: isReported))
  }

  private mutating func answer(_ lease: LeaseReference) {
    reporting.remove(lease)
    feed(.reportsAnswered([lease]))
  }

  private mutating func feed(_ event: WorkerState.Event) {
    for action in state.handle(event) {
      switch action {
      case .lease(let count, let room):
        if asked != nil { faults.append("two lease calls at once") }
        if state.phase != .working { faults.append("asked while stopping") }
        if running.count + count > slots { faults.append("asked for more than its slots") }
        if occupied + room.cpuMillicores > self.room.cpuMillicores { faults.append("asked for more than its room") }
        asked = (count, room)
      case .start(let lease): running.insert(lease.reference)
      case .release(let lease): reporting.insert(lease.reference)
      case .end(let lease, _): if !running.contains(lease) { faults.append("ended what does not run") }
      case .finish:
        if !running.isEmpty || !reporting.isEmpty { faults.append("finished with work in hand") }
        isFinished = true
      case .leave:
        if asked != nil { faults.append("left while it asks") }
        if hasLeft || state.phase == .working { faults.append("left too often or too early") }
        hasLeft = true
      case .hasten, .beginDrainGrace: break
      }
    }
    if running.count > slots { faults.append("ran more than its slots") }
    if occupied > room.cpuMillicores { faults.append("ran more than it has room for") }
  }

  private var occupied: Int64 { running.reduce(0) { $0 + (sizes[$1] ?? 0) } }
}
