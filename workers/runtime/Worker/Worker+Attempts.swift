import StrataArtifacts
import StrataCore
package import StrataQueue
import StrataRuntime
import Synchronization

// From a lease to the notice of how its attempt ended.
extension Worker {
  package func begin(_ lease: Lease) -> BegunAttempt {
    let reference = lease.reference
    guard let order = ReportCoding.order(from: lease.job.payload)?.placed(lease.job.lane.rank) else {
      let report = AttemptReport(usage: AttemptUsage(), error: .unreadableOrder)
      return .isOver(AttemptNotice(of: reference, .failed, report))
    }
    if order.inputs.isEmpty, let handler = inlineHandlers[order.capability] {
      return .isOver(runInline(lease, order, handler))
    }
    let attempt = AttemptExecution(
      order, on: lease.job.tier, folders: folders, pool: pool, limits: configuration.limits,
      sink: AttemptSink(
        progress: { self.keeper.pump.progress(reference, $0, $1) }, log: { self.keeper.pump.log(reference, $0) }))
    wanted.withLock { _ = $0.insert(reference) }
    attempts.withLock { $0[reference] = attempt }
    return .runs { await self.run(lease, attempt) }
  }

  private func run(_ lease: Lease, _ attempt: AttemptExecution) async {
    let reference = lease.reference
    var remains = await attempt.run { () async throws(AttemptError) in
      try await self.fetch(attempt.order.inputs)
    } restore: { (folder) async throws(AttemptError) in
      try await self.restore(lease.job, to: folder)
    }
    attempts.withLock { $0[reference] = nil }
    if let checkpoint = remains.checkpoint {
      await keep(checkpoint, of: lease, attempt)
      remains.log = attempt.logPath
    }
    let notice = await notice(of: lease, remains) { self.clear(attempt) }
    clear(attempt)
    wanted.withLock { _ = $0.remove(reference) }
    keeper.finish(reference, notice.map { decided($0, lease, attempt.order) })
  }

  private func decided(_ notice: AttemptNotice, _ lease: Lease, _ order: WorkOrder) -> AttemptNotice {
    random.withLock { notice.decided(after: lease.attempt, by: order.retry ?? .standard, using: &$0) }
  }

  /// Over before anybody could stop it: what is asked of it meanwhile comes too late.
  private func runInline(_ lease: Lease, _ order: WorkOrder, _ handler: some InlineHandler) -> AttemptNotice {
    let (wall, cpu) = (configuration.time.now, ComputingTime.ofThread)
    let product: AttemptProduct
    do throws(AttemptError) {
      product = try handler.run(try Parameters(json: order.parametersJSON))
    } catch {
      product = AttemptProduct(error: error)
    }
    let usage = AttemptUsage(
      cpuMicroseconds: (ComputingTime.ofThread - cpu).nanoseconds / 1_000,
      wallMicroseconds: (configuration.time.now - wall).nanoseconds / 1_000, units: product.units ?? 0)
    let report = AttemptReport(usage: usage, summaryJSON: product.summary?.description, error: product.error)
    let ending: AttemptEnding = product.error == nil ? .succeeded : .failed
    return decided(AttemptNotice(of: lease.reference, ending, report), lease, order)
  }

  private func restore(_ job: QueuedJob, to folder: String) async throws(AttemptError) {
    do throws(StrataError) { try await artifacts.restoreCheckpoint(of: job, to: folder) } catch {
      throw .workerFault("what an earlier attempt has saved could not be read: \(error)")
    }
  }

  /// What is not kept is work for nothing, no more: the next attempt has what was kept before. The job's log says so.
  private func keep(_ checkpoint: [FileTree.Entry], of lease: Lease, _ attempt: AttemptExecution) async {
    let files = checkpoint.map { ArtifactStore.CheckpointFile(name: $0.name, path: $0.path) }
    do throws(StrataError) { try await artifacts.keepCheckpoint(files, of: lease) } catch {
      attempt.note("what was saved for the next attempt is not kept: \(error)")
      log("job \(lease.job.id): what its attempt has saved could not be kept: \(String(reflecting: error))")
    }
  }

  private func fetch(_ inputs: [ArtifactReference]) async throws(AttemptError) -> [InputFile] {
    var files: [InputFile] = []
    for input in inputs {
      let path: String?
      do throws(StrataError) {
        path = try await artifacts.localPath(of: input)
      } catch {
        throw .workerFault("the input '\(input.name)' could not be read: \(error)")
      }
      guard let path else { throw .inputMissing(input.name) }
      files.append(InputFile(name: input.name, path: path, digest: input.digest, sizeBytes: input.sizeBytes))
    }
    return files
  }

  func clear(_ attempt: AttemptExecution) {
    do throws(StrataError) {
      try attempt.clear()
    } catch {
      log(String(reflecting: error))
    }
  }
}
