import Glibc
public import StrataCore

/// A supervised child process: started, found ready, restarted when it ends by itself, stopped by a ladder.
public actor ProcessService: Service {
  /// What to run and how to look after it.
  public struct Definition: Sendable {
    public var name: String
    /// Makes ready for a start (also before every restart) and says what to start. A stop cancels it.
    public var prepare: @Sendable () async throws(StrataError) -> ProcessSpecification
    /// Whether the process serves. Asked in steps that grow from `readyStep` to `readyStepMax` until it says yes, the
    /// process ends, or `readyLimit` is over.
    public var isReady: @Sendable (ChildProcess) async -> Bool
    public var readyLimit = Duration.seconds(60)
    /// The same for one that is to take the place of another: meanwhile nobody misses it, and it may have to change a
    /// database first.
    public var renewalLimit = Duration.seconds(900)
    public var readyStep = Duration.milliseconds(10)
    public var readyStepMax = Duration.milliseconds(500)
    /// How many that were followed may take their time to end. The one that has taken longest is told to end by `teardown` when
    /// there are more.
    public var predecessorsMax = 4
    public var teardown = TeardownLadder.terminate(patience: .seconds(10))
    public var restart = RestartPolicy.standard
    /// Where its messages lie, for an error's remedy.
    public var logFile: String?
    /// Called when restarting is given up.
    public var onGiveUp: @Sendable (StrataError) -> Void = { _ in }
    public var log = Log.silent

    public init(
      name: String, prepare: @escaping @Sendable () async throws(StrataError) -> ProcessSpecification,
      isReady: @escaping @Sendable (ChildProcess) async -> Bool
    ) {
      self.name = name
      self.prepare = prepare
      self.isReady = isReady
    }
  }

  public enum State: Sendable {
    /// Can transition to: `running` (start).
    case stopped
    /// Can transition to: `waiting` (it ended by itself), `failed` (and it must not restart), `stopped` (stop).
    case running(ChildProcess)
    /// Between an end and a restart. Can transition to: `running` (it, or by a renewal another, serves), `failed` (the policy
    /// gives up), `stopped` (stop).
    case waiting
    /// Can transition to: `running` (start), `stopped` (stop).
    case failed(StrataError)
  }

  public nonisolated let name: String
  private let definition: Definition
  public private(set) var state = State.stopped
  private var supervision: Task<Void, Never>?
  /// While it makes ready for a start.
  private var preparation: Task<Result<ProcessSpecification, StrataError>, Never>?
  /// The process that lives, ready or not.
  private var current: ChildProcess?
  /// Those that another has taken the place of, or is about to, and that may still live.
  private var predecessors: [ChildProcess] = []
  /// The process that is to end before another of its service starts, while it does.
  public private(set) var departing: ChildProcess?
  private var isWanted = false
  /// Another with whatever becomes of it: who has waited sees whether that is still so.
  private var term = 0
  /// While another process is about to take the place of the one that ran.
  private var renewal: Task<Result<ChildProcess, StrataError>, Never>?
  private var restarts = 0

  public init(_ definition: Definition) {
    self.definition = definition
    name = definition.name
  }

  /// The process now running and ready; nil between runs.
  public var child: ChildProcess? {
    if case .running(let child) = state { child } else { nil }
  }

  /// How often it has been started again after it ended by itself.
  public var restartCount: Int { restarts }

  public func start() async throws(StrataError) {
    guard !isWanted else { return }
    isWanted = true
    let child: ChildProcess
    do throws(StrataError) { child = try await launch() } catch {
      isWanted = false
      throw error
    }
    adopt(child)
  }

  private func adopt(_ child: ChildProcess) {
    state = .running(child)
    term += 1
    supervision = Task { [term] in await self.supervise(child, term) }
  }

  /// Goes on with what the definition says, after a failure.
  private func tryAgain(after reason: StrataError) {
    state = .waiting
    term += 1
    supervision = Task { [term] in await self.supervise(nil, term, reason) }
  }

  public func stop() async { await stop(by: definition.teardown) }

  /// Stops it by another ladder than its definition has.
  ///
  /// - Parameter other: by which one instead where the process was told to end already, because it is being renewed.
  public func stop(by ladder: TeardownLadder, whereToldToEnd other: TeardownLadder? = nil) async {
    let ladder = isBeingRenewed ? other ?? ladder : ladder
    isWanted = false
    term += 1
    preparation?.cancel()
    supervision?.cancel()
    await withTaskGroup { group in
      for child in predecessors + [current].compactMap(\.self) { group.addTask { await child.tearDown(ladder) } }
    }
    // It may just have started another, which it then ends.
    _ = await renewal?.value
    predecessors = []
    await supervision?.value
    supervision = nil
    state = .stopped
  }

  // MARK: Renewal

  /// How a process follows another of its service.
  public enum Succession: Sendable {
    /// The new one is ready before the old one is told to end, and the old one is not waited for: nobody finds nobody
    /// there. If the new one does not become ready, the old one stays.
    case overlapping
    /// The old one has ended before the new one starts.
    case consecutive
  }

  /// Whether another process is about to take the place of the one that ran.
  public var isBeingRenewed: Bool { renewal != nil }

  /// Puts another process in the place of the one that runs, or is to be started again: prepared as after an end, then
  /// adjusted. It may take `renewalLimit` to become ready.
  ///
  /// - Parameters:
  ///   - ladder: by which the old one ends.
  ///   - farewell: called once it is certain that the old one will be told to end, or, where the new one comes first, that
  ///     this begins. What it throws ends the renewal.
  ///   - adjust: changes what is to be started, this once. It is told the process that still runs, if any.
  /// - Returns: the new process, ready.
  /// - Throws: `conflict` where it is not started or is being renewed; else why the new one did not become ready: the service
  ///   then goes on with the old one, or with further tries where that has ended.
  public func renew(
    _ succession: Succession, retiring ladder: TeardownLadder,
    farewell: (ChildProcess) throws(StrataError) -> Void = { _ throws(StrataError) in },
    adjusting adjust: @escaping @Sendable (inout ProcessSpecification, ChildProcess?) -> Void = { _, _ in }
  ) async throws(StrataError) -> ChildProcess {
    guard !isBeingRenewed else {
      throw StrataError(.conflict, "\(name) is being restarted already", remedy: "wait until that is over")
    }
    let old = child
    guard isWanted, old != nil || isWaiting else {
      throw StrataError(.conflict, "\(name) does not run at the moment", remedy: "try again when it runs")
    }
    if let old {
      try farewell(old)
      // Now, so that it can be hastened from now on.
      if succession == .consecutive { departing = old }
    }
    term += 1
    // What it tries of itself at the moment is not waited for.
    if old == nil { supervision?.cancel() }
    let renewal = Task { [term] () -> Result<ChildProcess, StrataError> in
      do throws(StrataError) {
        guard let old else { return .success(try await self.revive(term, adjust)) }
        return .success(try await self.succeed(old, succession, ladder, term, adjust))
      } catch {
        return .failure(error)
      }
    }
    self.renewal = renewal
    let result = await renewal.value
    self.renewal = nil
    return try result.get()
  }

  private var isWaiting: Bool { if case .waiting = state { true } else { false } }

  /// Starts another instead of the next try of one that has ended.
  private func revive(
    _ term: Int, _ adjust: @Sendable (inout ProcessSpecification, ChildProcess?) -> Void
  ) async throws(StrataError) -> ChildProcess {
    await supervision?.value
    guard self.term == term else { throw givenUp }
    do throws(StrataError) {
      let new = try await launch(within: definition.renewalLimit) { adjust(&$0, nil) }
      guard self.term == term else { throw givenUp }
      adopt(new)
      return new
    } catch {
      if self.term == term { tryAgain(after: error) }
      throw error
    }
  }

  private func succeed(
    _ old: ChildProcess, _ succession: Succession, _ ladder: TeardownLadder, _ term: Int,
    _ adjust: @Sendable (inout ProcessSpecification, ChildProcess?) -> Void
  ) async throws(StrataError) -> ChildProcess {
    if succession == .consecutive {
      await old.tearDown(ladder)
      departing = nil
    }
    guard self.term == term else { throw givenUp }
    predecessors.append(old)
    do throws(StrataError) {
      let new = try await launch(within: definition.renewalLimit) {
        adjust(&$0, succession == .overlapping ? old : nil)
      }
      guard self.term == term else { throw givenUp }
      adopt(new)
      retire(old, by: ladder)
      return new
    } catch {
      guard self.term == term else { throw error }
      predecessors.removeAll { $0 === old }
      current = old
      adopt(old)
      throw error
    }
  }

  private func retire(_ old: ChildProcess, by ladder: TeardownLadder) {
    if predecessors.count > definition.predecessorsMax, let first = predecessors.first {
      Task { [definition] in await first.tearDown(definition.teardown) }
    }
    Task {
      await old.tearDown(ladder)
      predecessors.removeAll { $0 === old }
    }
  }

  // MARK: Starting

  private func launch(
    within limit: Duration? = nil, adjusting adjust: (inout ProcessSpecification) -> Void = { _ in }
  ) async throws(StrataError) -> ChildProcess {
    var specification = try await prepare()
    adjust(&specification)
    let child = try await ChildProcess.spawn(specification)
    current = child
    do throws(StrataError) {
      try await waitUntilReady(child, within: limit ?? definition.readyLimit)
      return child
    } catch {
      await child.tearDown(definition.teardown)
      throw error
    }
  }

  /// In a task of its own, so that a stop can cancel this and nothing else: it may take seconds, as when a database is
  /// made.
  private func prepare() async throws(StrataError) -> ProcessSpecification {
    let preparation = Task<Result<ProcessSpecification, StrataError>, Never> { [definition] in
      do throws(StrataError) { return .success(try await definition.prepare()) } catch { return .failure(error) }
    }
    self.preparation = preparation
    let specification = await preparation.value
    self.preparation = nil
    guard isWanted else { throw givenUp }
    return try specification.get()
  }

  private func waitUntilReady(_ child: ChildProcess, within limit: Duration) async throws(StrataError) {
    let deadline = ContinuousClock.now + limit
    var step = definition.readyStep
    while isWanted, !Task.isCancelled, await !definition.isReady(child) {
      if ContinuousClock.now >= deadline { throw notReady("was not ready within \(limit)") }
      if let exit = await child.wait(atMost: step) {
        throw notReady("ended during its start with \(exit.status)")
      }
      step = min(step * 5 / 4, definition.readyStepMax)
    }
    guard isWanted, !Task.isCancelled else { throw givenUp }
  }

  private var givenUp: StrataError { StrataError(.cancelled, "the start of \(name) was given up") }

  private func notReady(_ what: String) -> StrataError {
    StrataError(.unavailable, "\(name) \(what)", remedy: definition.logFile.map { "its messages are in \($0)" })
  }

  /// - Parameters:
  ///   - first: the process that runs; nil where one has ended already.
  ///   - term: for as long as it is that.
  ///   - reason: why there is none.
  private func supervise(_ first: ChildProcess?, _ term: Int, _ reason: StrataError? = nil) async {
    var (child, reason, uptime) = (first, reason ?? givenUp, Duration.zero)
    var failures = 0
    while true {
      if let child {
        let exit = await child.wait()
        guard self.term == term else { return }
        uptime = ContinuousClock.now - child.startedAt
        reason = notReady("ended by itself with \(exit.status)")
      }
      guard let next = await relaunch(&failures, term, uptime: uptime, reason: reason) else { return }
      child = next
    }
  }

  /// Tries until it runs again; nil when that is given up or no longer wanted.
  private func relaunch(
    _ failures: inout Int, _ term: Int, uptime: Duration, reason: StrataError
  ) async -> ChildProcess? {
    var uptime = uptime
    var reason = reason
    while case .restart(let delay) = definition.restart.decide(failures: &failures, uptime: uptime) {
      state = .waiting
      definition.log.warning("restarting", ["service": name, "reason": reason.message, "after": "\(delay)"])
      try? await Task.sleep(for: delay, clock: .continuous)
      guard isWanted, self.term == term else { return nil }
      do throws(StrataError) {
        let child = try await launch()
        guard self.term == term else {
          await child.tearDown(definition.teardown)
          return nil
        }
        restarts += 1
        state = .running(child)
        return child
      } catch {
        guard self.term == term else { return nil }
        reason = error
        uptime = .zero
      }
    }
    return giveUp(reason)
  }

  private func giveUp(_ reason: StrataError) -> ChildProcess? {
    guard isWanted else { return nil }
    isWanted = false
    let error = StrataError(.unavailable, "gave up restarting: \(reason.message)", remedy: reason.remedy, cause: reason)
    state = .failed(error)
    definition.log.error("gave up", ["service": name, "error": error.description])
    definition.onGiveUp(error)
    return nil
  }
}
