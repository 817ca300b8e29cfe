import Foundation
import StrataAPI
import StrataClient
import StrataCore
import StrataRuntime

/// One plan, carried out on real servers and processes, and judged.
public struct FaultRun: Sendable {
  /// How long what is left may take once nothing is wrong any more: twice the longest job, a lease, and what restarts
  /// take.
  public static let recoveryLimit = Duration.seconds(60)
  /// How often money and places are looked at while faults strike.
  static let lookInterval = Duration.milliseconds(400)

  /// What came of a run.
  public struct Result: Hashable, Sendable {
    public var plan: FaultPlan
    public var violations: [Violation]
    /// How many jobs there were, and runs of them that got through.
    public var jobs = 0
    public var runs = 0
    /// How often requests had to be repeated.
    public var repeats = 0
    /// From the end of the last fault until all jobs had ended.
    public var recovery: Duration?
    /// How often money was seen while faults struck, and how often the places of jobs.
    public var booksSeen = 0
    public var placesSeen = 0
    /// Strikes that hit nobody, with the reason: whoever they were for was down already, from another one.
    public var missed: [Missed] = []
  }

  /// A strike that did nothing.
  public struct Missed: Hashable, Sendable {
    public var strike: Strike
    public var reason: String

    static let nobody = "nobody is there"
  }

  public let plan: FaultPlan
  /// The `strata` that is put to the test, and the program that jobs run.
  public let strata: String
  public let worker: String
  /// Where everything goes: short, and not there yet.
  public let folder: String

  public init(_ plan: FaultPlan, strata: String, worker: String, folder: String) {
    self.plan = plan
    self.strata = strata
    self.worker = worker
    self.folder = folder
  }

  /// Carries the plan out. The folder stays, so that its logs can be read.
  ///
  /// - Throws: where the servers could not be started: nothing is known then.
  public func perform() async throws -> Result {
    let world = try await World(program: strata, folder: folder, faults: Set(plan.strikes.map(\.fault)))
    let result = await perform(in: world)
    await world.stop()
    return result
  }

  private func perform(in world: World) async -> Result {
    let (start, began) = (ContinuousClock.now, Timestamp.now)
    let lastStrike = plan.strikes.map(\.untilMilliseconds).max() ?? 0
    let calm = start + .milliseconds(max(plan.milliseconds, lastStrike))
    let clients = Clients(of: world, program: worker, until: calm + Self.recoveryLimit)
    let watch = Watch(world)
    let watching = Task { await watch.run(every: Self.lookInterval) }
    let missed = await withTaskGroup(of: Missed?.self) { group in
      for request in plan.requests {
        group.addTask {
          try? await Task.sleep(until: start + .milliseconds(request.atMilliseconds), clock: .continuous)
          await clients.see(request)
          return nil
        }
      }
      for strike in plan.strikes {
        group.addTask {
          try? await Task.sleep(until: start + .milliseconds(strike.atMilliseconds), clock: .continuous)
          do {
            return try await world.suffer(strike) ? nil : Missed(strike: strike, reason: Missed.nobody)
          } catch {
            return Missed(strike: strike, reason: "\(error)")
          }
        }
      }
      return await group.reduce(into: [Missed]()) { if let missed = $1 { $0.append(missed) } }
    }
    var result = Result(plan: plan, violations: await world.heal())
    let isArmed = world.disarm()
    await clients.lift()
    let recovery = await untilAllEnded(world, by: max(calm, .now) + Self.recoveryLimit)
    watching.cancel()
    await watching.value
    result.recovery = recovery.map { max(.zero, $0 - calm) }
    result.violations += watch.verdict
    (result.booksSeen, result.placesSeen) = watch.looks
    result.missed = missed
    if plan.isGraceful {
      result.violations += missed.filter { $0.reason != Missed.nobody }.map { Violation(.unnoticed, "\($0)") }
    }
    if isArmed, let strike = plan.strikes.last(where: { $0.fault == .controllerCrashed }) {
      result.missed.append(Missed(strike: strike, reason: "a controller never came to where it was to crash"))
    }
    await judge(&result, world, clients.recorded, since: began)
    return result
  }

  private func untilAllEnded(
    _ world: World, by deadline: ContinuousClock.Instant
  ) async -> ContinuousClock.Instant? {
    let books = BookAudit(database: world.database)
    while ContinuousClock.now < deadline {
      if await books.unfinished() == 0 { return .now }
      try? await Task.sleep(for: .milliseconds(100))
    }
    return nil
  }

  // MARK: Judging

  private func judge(_ result: inout Result, _ world: World, _ history: History, since began: Timestamp) async {
    result.repeats = history.entries.reduce(0) { $0 + $1.tries - 1 }
    let rows: [JobRow]
    do { rows = try await BookAudit(database: world.database).jobs() } catch {
      result.violations.append(Violation(.readiness, "the ledger cannot be read: \(error)"))
      return
    }
    let runs = Run.read(world.runsFile)
    (result.jobs, result.runs) = (rows.count, runs.count(where: \.isEnd))
    result.violations += Checker.violations(
      of: Findings(plan: plan, history: history, rows: rows, runs: runs, began: began))
    result.violations += result.recovery == nil ? await reasons(rows, world) : await leftovers(world)
    result.violations += await readiness(world)
  }

  /// Why the first few jobs have not ended, in the controller's own words.
  private func reasons(_ rows: [JobRow], _ world: World) async -> [Violation] {
    var violations: [Violation] = []
    for row in rows.filter({ $0.finished == nil }).prefix(3) {
      let job = JobID(hexadecimal: row.id)?.description ?? row.id
      let path = ["v1", "jobs", job, "explain"]
      let words = try? await world.instances[0].client.send(ClientRequest("GET", path, timeout: .seconds(10)))
      let text = words.map { String(decoding: $0.body, as: UTF8.self) } ?? "no explanation"
      violations.append(Violation(.recovered, "job \(job) is \(row.state.rawValue): \(text)"))
    }
    return violations
  }

  private func leftovers(_ world: World) async -> [Violation] {
    let queue = QueueAudit(redis: world.redis)
    // The end of a job is settled before the queue is told that its outcome is.
    let deadline = ContinuousClock.now + .seconds(20)
    var left = await queue.left()
    while left != [], ContinuousClock.now < deadline {
      try? await Task.sleep(for: .milliseconds(100))
      left = await queue.left()
    }
    return (left ?? ["the queue cannot be read"]).map { Violation(.leftovers, $0) }
  }

  private func readiness(_ world: World) async -> [Violation] {
    var violations: [Violation] = []
    for (place, instance) in world.instances.enumerated() {
      let deadline = ContinuousClock.now + .seconds(20)
      var words: String? = "it has stopped"
      while instance.isRunning {
        do throws(ClientError) {
          _ = try await instance.client.send(ClientRequest("GET", ["readyz"], timeout: .seconds(10)))
          words = nil
          break
        } catch {
          words = error.description
          guard ContinuousClock.now < deadline else { break }
          try? await Task.sleep(for: .milliseconds(100))
        }
      }
      if let words { violations.append(Violation(.readiness, "controller \(place) is not ready: \(words)")) }
    }
    let report: LedgerView? = try? await world.instances[0].client
      .send(ClientRequest("GET", ["v1", "ledger", "verification"], timeout: .seconds(20))).decode()
    guard let report else { return violations + [Violation(.readiness, "the books cannot be verified")] }
    return violations + report.violations.map { Violation(.books, $0) }
  }
}
