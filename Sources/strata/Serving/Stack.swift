import Glibc
import StrataCore
import StrataRuntime
import StrataServer
import StrataStack

/// What `strata up` is: the supervisor of the servers, the controller and the workers of one folder.
struct Stack {
  private enum Happening: Sendable {
    case ready, signal
    case failed(StrataError)
  }

  let settings: StackSettings
  private let identity = StackIdentity.random()
  private let log: Log

  init(settings: StackSettings) throws(StrataError) {
    self.settings = settings
    log = try .file(settings.directory.logs + "/up.log").component("up")
  }

  /// Starts everything, says what runs where, and stops everything at the first signal or when a service gives up.
  func run() async throws -> ExitStatus {
    // Whoever reads the screen may leave; the stack stays.
    Signals.ignoreBrokenPipes()
    if let warning = settings.warning { log.warning(warning) }
    let lock = try settings.directory.lock(for: identity)
    defer { lock.release() }
    let note = StackNote(directory: settings.directory)
    let graceNote = JobGraceNote(directory: settings.directory)
    note.forget()
    try graceNote.say(settings.options.jobGrace)
    let sockets = try APISockets(
      endpoint: Endpoint(directory: settings.directory), http: try ListenAddress.loopback(settings.options.http))
    defer { sockets.close() }
    let (happenings, entry) = AsyncStream<Happening>.makeStream()
    let services = StackServices(settings: settings, identity: identity, log: log) { entry.yield(.failed($0)) }
    let (controller, workers) = (services.controller(sockets), services.workers)
    let others = HandStartedWorkers(directory: settings.directory, identity: identity)
    try watchSignals(entry, workers, others)
    let sentinel = try await Sentinel.start(identity: identity, holding: lock)
    let control = StackControl(services: [controller] + workers, log: log.component("control"))
    let controlServer = try await control.open(in: settings.directory)
    let tree = ServiceTree(services.servers + [controller] + workers, log: log)
    let start = Task {
      do throws(StrataError) {
        try await tree.start()
        entry.yield(.ready)
      } catch {
        entry.yield(.failed(error))
      }
    }
    let failure = await supervise(happenings, note)
    note.sayStopping()
    await controlServer.shutdown(budget: .zero)
    // Who restarts a stack that has failed does not wait for its longest jobs.
    if failure != nil { try? graceNote.say(min(graceNote.grace ?? .zero, JobGrace.standard)) }
    // The workers at the same time: each may take its whole grace, which 'down' may have changed.
    let patience = JobGrace.patience(graceNote.grace ?? settings.options.jobGrace)
    await withTaskGroup { group in
      for worker in workers { group.addTask { await worker.stop(within: patience) } }
      // Those of a queue that stays may work on.
      if settings.options.redis == nil { group.addTask { await stop(others, within: patience) } }
    }
    await tree.stop()
    await start.value
    await sentinel.stop()
    note.forget()
    graceNote.forget()
    settings.directory.removeSocketFolder()
    if let failure { throw failure }
    Terminal.note("strata: everything is stopped")
    return .done
  }

  private func stop(_ others: HandStartedWorkers, within patience: Duration) async {
    let count = await others.stop(within: patience)
    if count > 0 { log.info("workers that were started by hand were told to stop", ["workers": "\(count)"]) }
  }

  /// - Returns: why it ended; nil for a signal.
  private func supervise(_ happenings: AsyncStream<Happening>, _ note: StackNote) async -> StrataError? {
    for await happening in happenings {
      switch happening {
      case .ready:
        remember()
        note.sayReady()
        Terminal.announce(StackScreen(settings: settings, isDetached: !StackScreen.hasTerminal).text)
      case .signal: return nil
      case .failed(let error): return error
      }
    }
    return nil
  }

  /// That it came up with these servers. Where that cannot be written the next start asks nobody.
  private func remember() {
    do throws(StrataError) { try ServerKinds(settings.options).remember(in: settings.directory) } catch {
      log.warning("the servers of this stack could not be noted", ["error": error.description])
    }
  }

  /// The first signal ends the supervision in good order; the second one tells the workers not to wait for their jobs;
  /// the third ends this process at once, and the sentinel does the rest.
  private func watchSignals(
    _ entry: AsyncStream<Happening>.Continuation, _ workers: [OwnService], _ others: HandStartedWorkers
  ) throws(StrataError) {
    let requests = try Signals.terminationRequests()
    Task {
      for await request in requests {
        switch request.count {
        case 1:
          Terminal.note("strata: stopping; running jobs get their grace. Again to hasten.")
          entry.yield(.signal)
        case 2:
          Terminal.note("strata: handing running jobs back. Again to kill what is left.")
          for worker in workers { await worker.hasten() }
          others.hasten()
        default: Glibc.exit(130)
        }
      }
    }
  }
}
