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
    public var readyStep = Duration.milliseconds(10)
    public var readyStepMax = Duration.milliseconds(500)
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
    /// Between an end and a restart. Can transition to: `running`, `failed` (the policy gives up), `stopped` (stop).
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
  /// The process whose end by itself is followed by a restart.
  private var supervised: ChildProcess?
  private var isWanted = false
  /// Whether another process is about to take the place of the one that ran.
  public private(set) var isBeingRenewed = false
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
    supervised = child
    supervision = Task { await self.supervise(child) }
  }

  public func stop() async { await stop(by: definition.teardown) }

  /// Stops it by another ladder than its definition has.
  public func stop(by ladder: TeardownLadder) async {
    isWanted = false
    preparation?.cancel()
    supervision?.cancel()
    await withTaskGroup { group in
      for child in predecessors + [current].compactMap(\.self) { group.addTask { await child.tearDown(ladder) } }
    }
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

  /// Puts another process, made ready and started as after an end, in the place of the one that runs.
  ///
  /// - Parameter ladder: by which the old one ends.
  /// - Returns: the new process, ready.
  /// - Throws: `conflict` where none runs or it is being renewed; else why the new one did not become ready: the service
  ///   then goes on with the old one, or with further tries where that has ended.
  public func renew(
    _ succession: Succession, retiring ladder: TeardownLadder
  ) async throws(StrataError) -> ChildProcess {
    guard isWanted, !isBeingRenewed, case .running(let old) = state else {
      throw StrataError(
        .conflict, "\(name) \(isBeingRenewed ? "is being restarted already" : "does not run at the moment")",
        remedy: "try again when it runs")
    }
    isBeingRenewed = true
    defer { isBeingRenewed = false }
    supervised = nil
    if succession == .consecutive { await old.tearDown(ladder) }
    predecessors.append(old)
    do throws(StrataError) {
      let new = try await launch()
      adopt(new)
      retire(old, by: ladder)
      return new
    } catch {
      predecessors.removeAll { $0 === old }
      guard isWanted else { throw error }
      current = old
      adopt(old)
      throw error
    }
  }

  private func retire(_ old: ChildProcess, by ladder: TeardownLadder) {
    Task {
      await old.tearDown(ladder)
      predecessors.removeAll { $0 === old }
    }
  }

  // MARK: Starting

  private func launch() async throws(StrataError) -> ChildProcess {
    let child = try await ChildProcess.spawn(try await prepare())
    current = child
    do throws(StrataError) {
      try await waitUntilReady(child)
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

  private func waitUntilReady(_ child: ChildProcess) async throws(StrataError) {
    let deadline = ContinuousClock.now + definition.readyLimit
    var step = definition.readyStep
    while isWanted, await !definition.isReady(child) {
      if ContinuousClock.now >= deadline { throw notReady("was not ready within \(definition.readyLimit)") }
      if let exit = await child.wait(atMost: step) {
        throw notReady("ended during its start with \(exit.status)")
      }
      step = min(step * 5 / 4, definition.readyStepMax)
    }
    guard isWanted else { throw givenUp }
  }

  private var givenUp: StrataError { StrataError(.cancelled, "the start of \(name) was given up") }

  private func notReady(_ what: String) -> StrataError {
    StrataError(.unavailable, "\(name) \(what)", remedy: definition.logFile.map { "its messages are in \($0)" })
  }

  private func supervise(_ first: ChildProcess) async {
    var child = first
    var failures = 0
    while true {
      let exit = await child.wait()
      guard isWanted, supervised === child else { return }
      let uptime = ContinuousClock.now - child.startedAt
      let reason = notReady("ended by itself with \(exit.status)")
      guard let next = await relaunch(&failures, uptime: uptime, reason: reason) else { return }
      child = next
      supervised = next
    }
  }

  /// Tries until it runs again; nil when that is given up or no longer wanted.
  private func relaunch(_ failures: inout Int, uptime: Duration, reason: StrataError) async -> ChildProcess? {
    var uptime = uptime
    var reason = reason
    while case .restart(let delay) = definition.restart.decide(failures: &failures, uptime: uptime) {
      state = .waiting
      definition.log.warning("restarting", ["service": name, "reason": reason.message, "after": "\(delay)"])
      try? await Task.sleep(for: delay, clock: .continuous)
      guard isWanted else { return nil }
      do throws(StrataError) {
        let child = try await launch()
        restarts += 1
        state = .running(child)
        return child
      } catch {
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
