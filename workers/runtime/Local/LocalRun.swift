import FoundationEssentials
import Glibc
import StrataArtifacts
public import StrataCore
import StrataRuntime
import Synchronization

/// A capability run right here: the same handler, runner and limits as on a worker, without server, queue or charge.
public struct LocalRun: Sendable {
  private let registry: CapabilityRegistry
  private let runner: RunnerCommand
  private let limits: AttemptLimits
  private let adoptsOrphans: Bool

  /// - Parameters:
  ///   - limits: but for processor time, of which an attempt that nobody pays for may use what it takes.
  ///   - adoptsOrphans: as in `WorkerConfiguration`.
  public init(
    registry: CapabilityRegistry, runner: RunnerCommand, limits: AttemptLimits = AttemptLimits(),
    adoptsOrphans: Bool = true
  ) {
    self.adoptsOrphans = adoptsOrphans
    self.registry = registry
    self.runner = runner
    self.limits = Self.limits(limits)
  }

  /// Those of a run for which nothing is held.
  package static func limits(_ given: AttemptLimits) -> AttemptLimits {
    var limits = given
    limits.processorTimeIsHeld = false
    return limits
  }

  /// - Throws: `invalidInput` or `notFound` where `run` would refuse the request, before anything is made.
  public func check(_ capability: String, parametersJSON: String, inputs: Int) throws(StrataError) {
    _ = try check(capability, parametersJSON, inputs)
  }

  /// Runs `capability` on `files`; its results are in `outputFolder` afterwards, beside what was there. Cancelling the
  /// task ends the attempt.
  ///
  /// - Parameters:
  ///   - parametersJSON: a JSON object's text; empty stands for `{}`.
  ///   - progress: gets how far it is, 0…1, and what it does.
  ///   - log: gets what the attempt prints, as it comes.
  /// - Throws: if the request is not valid or the folder cannot be used. A failed attempt is a report, not an error.
  public func run(
    _ capability: String, parametersJSON: String = "", files: [String], outputFolder: String,
    progress: @escaping @Sendable (_ fraction: Double?, _ stage: String?) -> Void = { _, _ in },
    log: @escaping @Sendable ([UInt8]) -> Void = { _ in }
  ) async throws(StrataError) -> LocalReport {
    let request = try check(capability, parametersJSON, files.count)
    let inputs = try files.map { path throws(StrataError) in try LocalFiles.input(at: path) }
    try FileTree.make(outputFolder)
    if adoptsOrphans { try Subreaper.enable() }
    let order = order(for: request)
    // On the same file system as the results, so that they only change their names.
    let folders = FolderPool(in: "\(outputFolder)/.strata-\(order.job)")
    let pool = RunnerPool(runner, slots: 1, limits: limits, adoptsOrphans: adoptsOrphans)
    let attempt = AttemptExecution(
      order, on: nil, folders: folders, pool: pool, limits: limits, sink: AttemptSink(progress: progress, log: log))
    // In a task of its own: cancelling shall end the attempt in order, not the waits of those who see to that.
    let running = Task { await attempt.run { inputs } }
    let remains = await withTaskCancellationHandler {
      await running.value
    } onCancel: {
      attempt.stop(.cancelled)
    }
    await Task { await pool.drain() }.value
    let delivered = Result { () throws(StrataError) in try LocalFiles.deliver(remains.files, to: outputFolder) }
    // The results' paths hold only until here.
    try attempt.clear()
    try FileTree.remove(folders.parent)
    return LocalReport(remains: remains, results: try delivered.get())
  }

  private func check(_ capability: String, _ parametersJSON: String, _ inputs: Int) throws(StrataError)
    -> CheckedRequest
  {
    do throws(CapabilityRequestError) {
      return try registry.validate(capability: capability, parametersJSON: parametersJSON, inputs: inputs)
    } catch {
      throw error.asStrataError
    }
  }

  private func order(for request: CheckedRequest) -> WorkOrder {
    let capability = request.offer.capability
    return WorkOrder(
      job: JobID(), tenant: TenantID(), capability: capability.name, version: capability.version,
      parametersJSON: request.parametersJSON, inputs: [], timeoutSeconds: capability.timeoutSeconds,
      resources: capability.resources)
  }
}

/// How a local run ended.
public struct LocalReport: Hashable, Sendable {
  /// Nil if it succeeded.
  public let error: AttemptError?
  public let usage: AttemptUsage
  /// The capability's own account, as a JSON object's text.
  public let summaryJSON: String?
  /// Paths of the results, in order of their names.
  public let results: [String]

  init(remains: AttemptExecution.Remains, results: [String]) {
    error = remains.ending?.error
    usage = remains.usage
    summaryJSON = remains.summaryJSON
    self.results = results
  }
}

/// The files of a local run.
private enum LocalFiles {
  static func input(at path: String) throws(StrataError) -> InputFile {
    // A link counts for what it leads to; the name stays the one that was given.
    let whole = unsafe realpath(path, nil).map { path in
      defer { unsafe free(path) }
      return unsafe String(cString: path)
    }
    var status = stat()
    guard let whole, unsafe stat(whole, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw StrataError(.notFound, "'\(path)' is not a file that can be read", remedy: "check the path")
    }
    let name = path.split(separator: "/").last.map(String.init) ?? path
    return InputFile(
      name: name, path: whole, digest: try ArtifactDigest(hashingFileAt: whole),
      sizeBytes: Int64(status.st_size))
  }

  /// Moves results to where they are wanted; one that was there is replaced.
  static func deliver(_ files: [FileTree.Entry], to folder: String) throws(StrataError) -> [String] {
    try files.map { file throws(StrataError) in
      let target = "\(folder)/\(file.name)"
      try FileTree.move(file.path, to: target)
      return target
    }
  }
}
