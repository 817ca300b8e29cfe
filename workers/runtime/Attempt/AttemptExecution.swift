import StrataCore
import StrataRuntime
import Synchronization

/// One attempt from its work order to its files: folders, runner, log, results. The same for a worker and for
/// `LocalRun`; where the files go then is the caller's.
final class AttemptExecution: Sendable {
  /// What is left of an attempt. Its files are there until `folders.root` is removed.
  struct Remains: Sendable {
    /// Nil when nothing may be reported.
    let ending: (kind: AttemptEnding, error: AttemptError?)?
    let usage: AttemptUsage
    let summary: JSONValue?
    let files: [FileTree.Entry]
  }

  private enum Stage {
    case preparing(stop: StopReason?)
    case running(AttemptRun)
  }

  let folders: AttemptFolders
  let order: WorkOrder
  private let pool: RunnerPool
  private let limits: AttemptLimits
  private let log: AttemptLog
  private let progress: @Sendable (Double?, String?) -> Void
  private let stage = Mutex(Stage.preparing(stop: nil))

  init(_ order: WorkOrder, folders: AttemptFolders, pool: RunnerPool, limits: AttemptLimits, sink: AttemptSink) {
    self.order = order
    self.folders = folders
    self.pool = pool
    self.limits = limits
    progress = sink.progress
    log = AttemptLog(path: folders.log, limit: limits.logBytesMax, echo: sink.log)
  }

  /// Ends the attempt early, in whatever stage it is.
  func stop(_ reason: StopReason) {
    let run = stage.withLock { stage -> AttemptRun? in
      if case .running(let run) = stage { return run }
      stage = .preparing(stop: reason)
      return nil
    }
    run?.stop(reason)
  }

  func hasten() {
    if case .running(let run) = stage.withLock({ $0 }) { run.hasten() }
  }

  /// - Parameter fetch: finds the inputs on this machine's disk.
  func run(fetch: () async throws(AttemptError) -> [InputFile]) async -> Remains {
    do throws(AttemptError) {
      try makeFolders()
      let inputs = try await fetch()
      try InputNames.check(inputs)
      let runner = try await takeRunner()
      return await run(inputs, in: runner)
    } catch {
      return failure(error)
    }
  }

  private func makeFolders() throws(AttemptError) {
    do throws(StrataError) {
      try folders.make()
      try log.open()
    } catch {
      throw fullDisk() ?? .workerFault("the attempt's folder could not be made: \(error)")
    }
  }

  private func failure(_ error: AttemptError) -> Remains {
    log.append(line: error.message)
    return Remains(ending: (.failed, error), usage: AttemptUsage(), summary: nil, files: [])
  }

  private var cores: Int { max(1, Int((order.resources.cpuMillicores + 999) / 1_000)) }

  private func takeRunner() async throws(AttemptError) -> RunnerProcess {
    do throws(StrataError) {
      return try await pool.take(cores: cores)
    } catch {
      throw .workerFault("a runner could not be started: \(error)")
    }
  }

  private func run(_ inputs: [InputFile], in runner: RunnerProcess) async -> Remains {
    let assignment = Assignment(
      order: order, inputs: inputs, workingFolder: folders.working, outputFolder: folders.output, cores: cores)
    let run = AttemptRun(
      assignment, in: runner, limits: limits, sink: AttemptSink(progress: progress, log: { self.log.append($0) }))
    enter(run)
    let (end, usage) = await run.run()
    // A runner whose attempt did not end by itself, or failed, may be left in a bad state.
    if end.reason == nil && end.outcome != nil { await pool.put(runner) } else { await runner.end() }
    return remains(of: end, usage)
  }

  private func enter(_ run: AttemptRun) {
    let pending = stage.withLock { stage -> StopReason? in
      defer { stage = .running(run) }
      if case .preparing(let stop) = stage { return stop }
      return nil
    }
    if let pending { run.stop(pending) }
  }

  private func remains(of end: AttemptEnd, _ usage: AttemptUsage) -> Remains {
    let verdict = end.ending(
      timeoutSeconds: order.timeoutSeconds, memoryLimitBytes: order.resources.memoryBytes)
    guard var (kind, error) = verdict else { return Remains(ending: nil, usage: usage, summary: nil, files: []) }
    var (files, others) = FileTree.list(folders.output)
    for name in others {
      log.append(line: "'\(name)' is not kept: only files directly in the output folder are results")
    }
    if let excess = excess(of: files) {
      files = []
      if kind == .succeeded || error?.code == AttemptError.exitStatusCode {
        (kind, error) = (.failed, .outputTooLarge(excess))
      }
    }
    if kind == .failed, let full = fullDisk() { error = full }
    if let error { log.append(line: error.message) }
    return Remains(ending: (kind, error), usage: usage, summary: end.outcome?.product.summary, files: files)
  }

  private func excess(of files: [FileTree.Entry]) -> String? {
    let bytes = files.reduce(0) { $0 + $1.sizeBytes }
    if bytes > limits.outputBytesMax { return "the results have \(bytes) bytes; the limit is \(limits.outputBytesMax)" }
    if files.count > limits.outputFilesMax {
      return "there are \(files.count) result files; the limit is \(limits.outputFilesMax)"
    }
    return nil
  }

  /// Whatever failed on a full disk may have failed because of it.
  private func fullDisk() -> AttemptError? {
    guard let free = DiskSpace.freeBytes(at: folders.root), free < limits.diskReserveBytes else { return nil }
    return .diskFull("run the attempt")
  }
}
