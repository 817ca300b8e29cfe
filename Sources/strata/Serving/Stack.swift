import Glibc
import StrataCore
import StrataRuntime
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
    let lock = try settings.directory.lock()
    defer { lock.release() }
    let note = ReadyNote(directory: settings.directory)
    note.remove()
    let (happenings, entry) = AsyncStream<Happening>.makeStream()
    try watchSignals(entry)
    let sentinel = try await Sentinel.start(identity: identity)
    let services = StackServices(settings: settings, identity: identity, log: log) { entry.yield(.failed($0)) }
    let tree = ServiceTree(try services.all(), log: log)
    Task {
      do throws(StrataError) {
        try await tree.start()
        entry.yield(.ready)
      } catch {
        entry.yield(.failed(error))
      }
    }
    let failure = await supervise(happenings, note)
    note.remove()
    await tree.stop()
    await sentinel.stop()
    if let failure { throw failure }
    Terminal.note("strata: everything is stopped")
    return .done
  }

  /// - Returns: why it ended; nil for a signal.
  private func supervise(_ happenings: AsyncStream<Happening>, _ note: ReadyNote) async -> StrataError? {
    for await happening in happenings {
      switch happening {
      case .ready:
        let screen = StackScreen(settings: settings).text
        Terminal.print(screen)
        note.write(screen)
      case .signal: return nil
      case .failed(let error): return error
      }
    }
    return nil
  }

  /// The first signal ends the supervision in good order; the second one ends this process at once, and the sentinel
  /// does the rest.
  private func watchSignals(_ entry: AsyncStream<Happening>.Continuation) throws(StrataError) {
    let requests = try Signals.terminationRequests()
    Task {
      for await request in requests {
        if request.count > 1 { Glibc.exit(130) }
        Terminal.note("strata: stopping; running jobs get their grace. Again to hasten.")
        entry.yield(.signal)
      }
    }
  }
}
