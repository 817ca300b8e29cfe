import StrataCore
import StrataRuntime
import Synchronization

/// The restarts that go on: one of a service at a time. Who asks for another waits for that one, and may hasten it.
final class OngoingRestarts: Sendable {
  private struct Ongoing: Sendable {
    let program: StackProgram.Candidate
    let task: Task<Result<RestartReport, StrataError>, Never>
    /// The shortest that was asked for.
    var grace: Duration
  }

  private let log: Log
  private let ongoing = Mutex<[String: Ongoing]>([:])

  init(log: Log) { self.log = log }

  /// Restarts it, or waits for a restart that goes on: of another program, and then restarts it again.
  ///
  /// - Parameter grace: how long running jobs have to end from now on, where those of a restart that goes on have not less.
  func restart(
    _ service: OwnService, from program: StackProgram.Candidate, grace: Duration
  ) async throws(StrataError) -> RestartReport {
    while true {
      let (one, isNew) = begin(service, program, grace)
      if !isNew {
        log.info("asked for again", ["service": service.name, "job_grace": "\(grace)"])
        if grace < JobGrace.longest { Task { await service.hastenRestart(within: grace) } }
      }
      let result = await one.task.value
      if isNew || one.program.isSame(as: program) { return try result.get() }
    }
  }

  private func begin(
    _ service: OwnService, _ program: StackProgram.Candidate, _ grace: Duration
  ) -> (Ongoing, isNew: Bool) {
    ongoing.withLock { all in
      if let one = all[service.name] {
        // For where its process has not been told to end yet.
        all[service.name]?.grace = min(one.grace, grace)
        return (one, false)
      }
      // Not the request's own task, which ends with its client.
      let task = Task { [self] in
        let result = await perform(service, program)
        ongoing.withLock { $0[service.name] = nil }
        return result
      }
      let one = Ongoing(program: program, task: task, grace: grace)
      all[service.name] = one
      return (one, true)
    }
  }

  private func perform(
    _ service: OwnService, _ program: StackProgram.Candidate
  ) async -> Result<RestartReport, StrataError> {
    log.info("restarting as asked", ["service": service.name, "program": program.path])
    let (start, before) = (ContinuousClock.now, await service.process.child?.pid)
    do throws(StrataError) {
      let process = try await service.restart(from: program) {
        ongoing.withLock { $0[service.name]?.grace } ?? JobGrace.longest
      }
      let time = ContinuousClock.now - start
      log.info("restarted", ["service": service.name, "process": "\(process)", "ms": "\(time.milliseconds)"])
      return .success(RestartReport(from: before, to: process))
    } catch {
      return .failure(error)
    }
  }
}
