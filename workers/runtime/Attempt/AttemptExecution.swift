import StrataCore
import StrataRuntime
import Synchronization

/// One attempt from its work order to its files: folders, runner, log, results. The same for a worker and for
/// `LocalRun`; where the files go then is the caller's.
final class AttemptExecution: Sendable {
  /// What is left of an attempt. Its files are there until `clear` is called.
  struct Remains: Sendable {
    /// Nil when nothing may be reported.
    let ending: (kind: AttemptEnding, error: AttemptError?)?
    let usage: AttemptUsage
    let summaryJSON: String?
    let files: [FileTree.Entry]
    /// What it has saved for the next one; nil where it is not handed back, or that cannot be told.
    let checkpoint: [FileTree.Entry]?
    /// Where the log is; nil where nothing was logged.
    var log: String?
  }

  private enum Stage {
    case preparing(stop: StopReason?)
    case running(AttemptRun)
  }

  let order: WorkOrder
  private let tier: TierName?
  private let folderPool: FolderPool
  private let pool: RunnerPool
  private let limits: AttemptLimits
  private let log: AttemptLog
  private let progress: @Sendable (Double?, String?) -> Void
  private let stage = Mutex(Stage.preparing(stop: nil))
  private let lent = Mutex<Lent?>(nil)

  private struct Lent {
    let folders: AttemptFolders
    /// The paths of results lead through it.
    var output: Descriptor?
    /// And those of what it has saved.
    var checkpoint: Descriptor?
    /// Whether all that could write to them has ended for sure.
    var isQuiet = true
  }

  /// - Parameter tier: where it runs; nil where nobody has placed it.
  init(
    _ order: WorkOrder, on tier: TierName?, folders: FolderPool, pool: RunnerPool, limits: AttemptLimits,
    sink: AttemptSink
  ) {
    self.order = order
    self.tier = tier
    folderPool = folders
    self.pool = pool
    self.limits = limits
    progress = sink.progress
    log = AttemptLog(limit: limits.logBytesMax, echo: sink.log)
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

  /// - Parameters:
  ///   - fetch: finds the inputs on this machine's disk.
  ///   - restore: puts what an earlier attempt has saved into a folder.
  func run(
    fetch: () async throws(AttemptError) -> [InputFile],
    restore: (String) async throws(AttemptError) -> Void = { _ in }
  ) async -> Remains {
    do throws(AttemptError) {
      let folders = try takeFolders()
      let inputs = try await fetch()
      try InputNames.check(inputs)
      if order.preemption != nil {
        try makeCheckpoint(folders)
        try await restore(folders.checkpoint)
      }
      let runner = try await takeRunner()
      return await run(inputs, in: folders, runner)
    } catch {
      return failure(error)
    }
  }

  /// Adds a line to its log, also once it has ended; `logPath` says where that is then.
  func note(_ line: String) { log.append(line: line) }

  /// Where its log is; nil where nothing was logged.
  var logPath: String? { log.isEmpty ? nil : lent.withLock { $0?.folders.log } }

  /// Gives the folders back, with whatever is still in them.
  func clear() throws(StrataError) {
    let lent = lent.withLock { lent in
      defer { lent = nil }
      return lent
    }
    if let lent { try folderPool.put(lent.folders, isQuiet: lent.isQuiet) }
  }

  private func takeFolders() throws(AttemptError) -> AttemptFolders {
    do throws(StrataError) {
      let folders = try folderPool.take()
      lent.withLock { $0 = Lent(folders: folders) }
      log.place(in: folders)
      return folders
    } catch {
      throw fullDisk() ?? .workerFault("the attempt's folder could not be made: \(error)")
    }
  }

  private func makeCheckpoint(_ folders: AttemptFolders) throws(AttemptError) {
    do throws(StrataError) { try FileTree.make(folders.checkpoint) } catch {
      throw fullDisk() ?? .workerFault("the folder for what the attempt saves could not be made: \(error)")
    }
  }

  private func failure(_ error: AttemptError) -> Remains {
    log.append(line: error.message)
    return remains((.failed, error), AttemptUsage())
  }

  private func remains(
    _ ending: (AttemptEnding, AttemptError?)?, _ usage: AttemptUsage, _ summaryJSON: String? = nil,
    _ files: [FileTree.Entry] = [], _ checkpoint: [FileTree.Entry]? = nil
  ) -> Remains {
    Remains(ending: ending, usage: usage, summaryJSON: summaryJSON, files: files, checkpoint: checkpoint, log: logPath)
  }

  private var cores: Int { max(1, Int((order.resources.cpuMillicores + 999) / 1_000)) }

  private func takeRunner() async throws(AttemptError) -> RunnerProcess {
    do throws(StrataError) {
      return try await pool.take(cores: cores)
    } catch {
      throw .workerFault("a runner could not be started: \(error)")
    }
  }

  private func run(_ inputs: [InputFile], in folders: AttemptFolders, _ runner: RunnerProcess) async -> Remains {
    let assignment = Assignment(
      order: order, tier: tier, inputs: inputs, workingFolder: folders.working, outputFolder: folders.output,
      checkpointFolder: order.preemption == nil ? nil : folders.checkpoint, cores: cores)
    let run = AttemptRun(
      assignment, in: runner, limits: limits, adoptsOrphans: pool.adoptsOrphans,
      sink: AttemptSink(progress: progress, log: { self.log.append($0) }))
    enter(run)
    let (end, usage) = await run.run()
    // A runner whose attempt did not end by itself may be left in a bad state.
    if end.reason == nil && end.outcome != nil {
      await pool.put(runner)
    } else {
      lent.withLock { $0?.isQuiet = false }
      await runner.end()
    }
    return remains(of: end, usage, folders)
  }

  private func enter(_ run: AttemptRun) {
    let pending = stage.withLock { stage -> StopReason? in
      defer { stage = .running(run) }
      if case .preparing(let stop) = stage { return stop }
      return nil
    }
    if let pending { run.stop(pending) }
  }

  private func remains(of end: AttemptEnd, _ usage: AttemptUsage, _ folders: AttemptFolders) -> Remains {
    guard var (kind, error) = end.ending(of: order) else { return remains(nil, usage) }
    var files: [FileTree.Entry] = []
    do throws(AttemptError) {
      // Of work that is paid for by what it counts, what nobody pays for is nobody's.
      if order.unitsMax == nil || kind == .succeeded { files = try collect(from: folders) }
    } catch let refusal {
      if kind == .succeeded || error?.code == AttemptError.exitStatusCode { (kind, error) = (.failed, refusal) }
    }
    if kind == .failed, let full = fullDisk() { error = full }
    if let error { log.append(line: error.message) }
    let checkpoint = kind == .released ? saved(in: folders) : nil
    return remains((kind, error), usage, end.outcome?.summaryJSON, files, checkpoint)
  }

  /// Its results, whose paths hold until `clear` is called.
  private func collect(from folders: AttemptFolders) throws(AttemptError) -> [FileTree.Entry] {
    guard let output = try folders.openOutput() else { return [] }
    lent.withLock { $0?.output = output }
    guard let listing = FileTree.list(AttemptFolders.path(of: output), entriesMax: limits.entriesMax) else {
      throw .outputTooLarge("the output folder holds more than \(limits.entriesMax) things, its limit")
    }
    for omission in listing.omissions { log.append(line: omission) }
    if let excess = excess(of: listing.files) { throw .outputTooLarge(excess) }
    return listing.files
  }

  /// What it has saved, whose paths hold until `clear` is called. Only files that lie there directly are kept.
  private func saved(in folders: AttemptFolders) -> [FileTree.Entry]? {
    guard order.preemption != nil, let folder = try? folders.openCheckpoint() else { return nil }
    lent.withLock { $0?.checkpoint = folder }
    let listing = FileTree.list(AttemptFolders.path(of: folder), entriesMax: limits.checkpointFilesMax)
    if listing == nil {
      log.append(line: "more than \(limits.checkpointFilesMax) files were saved for the next attempt: none are kept")
    }
    for omission in listing?.omissions ?? [] { log.append(line: omission) }
    return listing?.files
  }

  private func excess(of files: [FileTree.Entry]) -> String? {
    let bytes = files.reduce(Int64(0)) { $0.addingUpToMax($1.sizeBytes) }
    if bytes > limits.outputBytesMax { return "the results have \(bytes) bytes; the limit is \(limits.outputBytesMax)" }
    if files.count > limits.outputFilesMax {
      return "there are \(files.count) result files; the limit is \(limits.outputFilesMax)"
    }
    return nil
  }

  /// Whatever failed on a full disk may have failed because of it.
  private func fullDisk() -> AttemptError? {
    guard let space = DiskSpace(at: folderPool.parent), space.isShort(limits) else { return nil }
    return .diskFull("run the attempt")
  }
}
