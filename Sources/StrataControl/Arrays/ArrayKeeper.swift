package import StrataCore
package import StrataLedger
package import StrataRuntime
import Synchronization

/// Makes the tasks of arrays, so many of each at a time: the next ones as earlier ones end. The leader does; it is woken by
/// whoever submits an array, and by settlements, which make room and let holds go.
///
/// Tasks and the array's progress are one transaction, which only goes through where nobody else has made any since, and
/// the identifier of a task's job is its array's and its position: whoever falls, wakes late, or believes that it still
/// leads makes no task twice and leaves none out.
package struct ArrayKeeper: Sendable {
  /// Arrays read at once.
  static let batchMax = 100
  /// The longest wait while there are tasks to make: how long a grant may go unseen, and a tenant's other jobs that start.
  package static let waitMax = Duration.seconds(5)
  /// The longest while there are none: how long a connection that broke without a sign may go unseen.
  package static let idleMax = Duration.seconds(30)
  /// How long an array is left alone whose tasks cannot be submitted, whatever ends meanwhile.
  package static let refusedPause = Duration.seconds(5)
  /// How long one is whose tenant has too many jobs waiting.
  static let waitingPause = Duration.seconds(1)

  /// How often the log tells of the same array that its tasks wait.
  static let tellInterval = Duration.seconds(60)

  private let ledger: Ledger
  private let admission: AdmissionService
  private let limits: ArrayLimits
  private let log: Log
  private let clock: WallClock
  /// Rung by settlements.
  private let endings: Bell
  /// Rung by submissions.
  private let submissions = Bell()
  private let told = ArrayPauses()
  private let unanswered = UnansweredMaking()

  package init(
    ledger: Ledger, admission: AdmissionService, endings: Bell = Bell(), limits: ArrayLimits = ArrayLimits(),
    log: Log = .silent, clock: WallClock = .system
  ) {
    self.ledger = ledger
    self.admission = admission
    self.endings = endings
    self.limits = limits
    self.log = log
    self.clock = clock
  }

  /// Makes tasks until the task is cancelled. Outages of the ledger are waited out.
  package func run() async {
    await withTaskGroup { group in
      group.addTask { await listen() }
      group.addTask { await keep() }
      await group.waitForAll()
    }
  }

  private func listen() async {
    do {
      for await _ in try ledger.arrayChanges() {
        submissions.ring()
        endings.ring()
      }
    } catch {
      log.warning("arrays are seen late", ["error": "\(error)", "seconds": "\(Int(Self.idleMax.seconds))"])
    }
  }

  private func keep() async {
    await LeaderLoop.run(complaint: "tasks of arrays wait", log: log) {
      // There may be room for more already.
      guard try await makeDue() == 0 else { return }
      let arePending = try await ledger.arePendingArrays()
      // Settlements wake nobody while there is nothing to make.
      await (arePending ? endings : submissions).wait(upTo: arePending ? Self.waitMax : Self.idleMax)
    }
  }

  /// Makes tasks of each array that may go on: at most `ArrayLimits.stepMax` of each.
  ///
  /// - Returns: how many.
  package func makeDue() async throws -> Int {
    var (made, cursor): (Int, ArrayID?) = (try await makeAgain(), nil)
    while !Task.isCancelled {
      let due = try await ledger.dueArrays(at: clock.now, after: cursor, limit: Self.batchMax)
      // What is due stays so while the queue is full.
      if !due.isEmpty, let refusal = admission.room.door.refusal { throw refusal }
      var pass = Pass()
      for array in due where pass.mayPay(for: array) { made += try await make(array, &pass) }
      if !pass.holds.isEmpty { try await ledger.hold(pass.holds) }
      cursor = due.last?.id
      if due.count < Self.batchMax { break }
    }
    return made
  }

  /// What a look at some arrays has come to.
  private struct Pass {
    /// Arrays that are left alone for a while.
    var holds: [ArrayHold] = []
    /// What tenants had left when it was too little for a task.
    var purses: [TenantID: MicroCredits] = [:]

    /// Whether an array of those that lack credits may have them still, after what others of its tenant have taken.
    func mayPay(for array: StoredArray) -> Bool {
      guard array.standing == .poor, let left = purses[array.tenant] else { return true }
      return array.holdEach <= left
    }
  }

  /// - Returns: how many tasks were made.
  private func make(_ array: StoredArray, _ pass: inout Pass) async throws -> Int {
    var count = min(limits.window(of: array) - array.unfinished, limits.stepMax, array.pending)
    guard count > 0 else {
      try await ledger.fill(array, refillAt: limits.refillAt(array))
      return 0
    }
    // As many as its tenant may have waiting, about: halved at most nine times.
    while let refusal = await admission.room.refusal(of: array.tenant, count: count) {
      if refusal.code == .queueFull { throw refusal }
      count /= 2
      guard count == 0 else { continue }
      pass.holds.append(hold(array, refusal, for: Self.waitingPause))
      return 0
    }
    let tasks: [(position: Int, submission: JobSubmission)]
    do throws(StrataError) {
      tasks = try await admission.tasks(of: array, count: count, now: clock.now)
    } catch {
      if error.code == .unavailable { throw error }
      pass.holds.append(hold(array, error, for: Self.refusedPause))
      return 0
    }
    if let task = tasks.first?.submission,
      let refusal = await admission.room.refusal(of: array.tenant, in: [admission.lane(of: task)])
    {
      pass.holds.append(hold(array, refusal, for: Self.waitingPause))
      return 0
    }
    CrashPoint.betweenWindowAndMaking.reached()
    let step = try await make(
      ArrayMaking(
        array, tasks: tasks, refillAt: limits.refillAt(array), lookAt: clock.now + Self.refusedPause))
    if let refusal = step.refusal {
      tell(array, refusal.strataError)
      if case .budget(let available, _) = refusal { pass.purses[array.tenant] = available }
    }
    return step.isStale ? 0 : step.made.count
  }

  /// Where nobody says whether they were made, the next pass begins by asking once more.
  private func make(_ making: ArrayMaking) async throws(StrataError) -> ArrayStep {
    unanswered.note(making)
    do throws(StrataError) {
      let step = try await admission.make(making)
      unanswered.note(nil)
      return step
    } catch {
      if error.code != .unavailable { unanswered.note(nil) }
      throw error
    }
  }

  /// Makes what was to be made when the ledger last went away: where it was made after all, it is enqueued now.
  private func makeAgain() async throws -> Int {
    guard let making = unanswered.making else { return 0 }
    let step = try await make(making)
    return step.isStale ? 0 : step.made.count
  }

  private func hold(_ array: StoredArray, _ error: StrataError, for pause: Duration) -> ArrayHold {
    tell(array, error)
    return ArrayHold(array.id, StoredArray.Obstacle(error), lookAt: clock.now + pause)
  }

  /// Now and then: its owner sees it whenever he looks.
  private func tell(_ array: StoredArray, _ error: StrataError) {
    guard !told.holds(array.id, at: .now) else { return }
    told.note(array.id, until: .now + Self.tellInterval)
    log.warning(
      "tasks of an array wait",
      [
        "array": "\(array.id)", "tenant": "\(array.tenant)", "pending": "\(array.pending)", "code": error.code.rawValue,
        "reason": error.message,
      ])
  }
}

/// What was to be made when the ledger went away: it may have been, and then it is not in the queue.
private final class UnansweredMaking: Sendable {
  private let last = Mutex<ArrayMaking?>(nil)

  var making: ArrayMaking? { last.withLock { $0 } }

  func note(_ making: ArrayMaking?) { last.withLock { $0 = making } }
}

/// Arrays that were told of lately.
private final class ArrayPauses: Sendable {
  /// Arrays remembered; the memory is emptied when it is full.
  private static let arraysMax = 10_000

  private let until = Mutex<[ArrayID: ContinuousClock.Instant]>([:])

  func note(_ array: ArrayID, until instant: ContinuousClock.Instant) {
    until.withLock { until in
      if until.count >= Self.arraysMax { until.removeAll() }
      until[array] = instant
    }
  }

  func holds(_ array: ArrayID, at now: ContinuousClock.Instant) -> Bool {
    until.withLock { until in
      guard let instant = until[array] else { return false }
      if instant <= now { until[array] = nil }
      return instant > now
    }
  }
}
