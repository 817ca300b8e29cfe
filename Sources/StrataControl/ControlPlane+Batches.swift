public import StrataCore
public import StrataLedger
import StrataQueue

extension ControlPlane {
  /// Many jobs that are submitted together.
  public struct BatchDraft: Sendable {
    /// The most jobs of one call.
    public static let jobsMax = 1_000

    /// Those that were found wrong before keep their place and their error.
    public var jobs: [Result<JobDraft, StrataError>]
    /// An open batch that they join; nil makes one.
    public var batch: BatchID?
    /// Whether more jobs may join it afterwards.
    public var staysOpen: Bool
    /// Stands for the whole, and with a job's place for each.
    public var idempotencyKey: String?

    public init(
      jobs: [Result<JobDraft, StrataError>], batch: BatchID? = nil, staysOpen: Bool = false,
      idempotencyKey: String? = nil
    ) {
      self.jobs = jobs
      self.batch = batch
      self.staysOpen = staysOpen
      self.idempotencyKey = idempotencyKey
    }
  }

  /// Accepts jobs as a batch, or as part of one. The batch is opened, its jobs are admitted, and it is closed, each by
  /// transactions of their own: what breaks in between is completed by repeating the call with the same key.
  ///
  /// - Returns: the batch, and a verdict for each job, in order.
  public func submit(
    _ draft: BatchDraft, tenant: TenantID
  ) async throws(StrataError) -> (batch: StoredBatch, verdicts: [Result<AdmittedJob, StrataError>]) {
    guard draft.jobs.count <= BatchDraft.jobsMax else {
      throw StrataError(
        .invalidInput, "\(draft.jobs.count) jobs at once, at most \(BatchDraft.jobsMax) are taken",
        remedy: "let further calls join the batch, with all but the last one keeping it open")
    }
    try await admission.requireRoom(for: draft.jobs.count, tenant: tenant)
    let id = try await opened(draft, tenant).id
    let jobs = draft.jobs.enumerated().map { place, job in
      job.map { Self.joining($0, id, place: place, of: draft.idempotencyKey) }
    }
    let verdicts = try await admission.submit(jobs, tenant: tenant)
    return (draft.staysOpen ? try await batch(id, tenant: tenant) : try await closeBatch(id, tenant: tenant), verdicts)
  }

  /// - Throws: `notFound`.
  public func batch(_ id: BatchID, tenant: TenantID) async throws(StrataError) -> StoredBatch {
    let found: StoredBatch?
    do { found = try await ledger.batch(id, tenant: tenant) } catch { throw error.strataError }
    guard let found else { throw StrataError(.notFound, "there is no batch \(id) of this tenant") }
    return found
  }

  /// The batches of a tenant that a part of an identifier may mean, newest first, at most `limit`; as for jobs.
  public func batches(
    tenant: TenantID, like part: IdentifierPart<BatchTag>, limit: Int
  ) async throws(StrataError) -> [StoredBatch] {
    do { return try await ledger.batches(of: tenant, like: part, limit: limit) } catch { throw error.strataError }
  }

  private func opened(_ draft: BatchDraft, _ tenant: TenantID) async throws(StrataError) -> StoredBatch {
    if let batch = draft.batch {
      let known = try await self.batch(batch, tenant: tenant)
      let array: StoredArray?
      do { array = try await ledger.array(ArrayID(high: batch.high, low: batch.low), tenant: tenant) } catch {
        throw error.strataError
      }
      guard array == nil else {
        throw StrataError(.conflict, "\(batch) is an array: no jobs may join its tasks", remedy: "open a batch")
      }
      return known
    }
    do {
      return try await ledger.openBatch(tenant: tenant, idempotencyKey: draft.idempotencyKey)
    } catch {
      throw error.strataError
    }
  }

  private func closeBatch(_ id: BatchID, tenant: TenantID) async throws(StrataError) -> StoredBatch {
    let closed: StoredBatch
    do { closed = try await ledger.closeBatch(id, tenant: tenant) } catch { throw error.strataError }
    // Whoever watches it looks for itself where this does not come through.
    if closed.finishedAt != nil { try? await queue.announce([FinishedNotice(closed)]) }
    return closed
  }

  private static func joining(_ job: JobDraft, _ batch: BatchID, place: Int, of key: String?) -> JobDraft {
    var job = job
    job.structure.batch = batch
    // No client can send a control character in a key: what is made here is nobody else's.
    if job.idempotencyKey == nil { job.idempotencyKey = key.map { "\($0)\u{1F}\(place)" } }
    return job
  }
}

extension FinishedNotice {
  /// A batch has one event, its end, under its own identifier.
  init(_ batch: StoredBatch) {
    self.init(
      job: JobID(high: batch.id.high, low: batch.id.low),
      state: batch.succeeded == batch.total ? .succeeded : .failed)
  }
}
