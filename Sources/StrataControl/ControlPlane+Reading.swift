public import StrataCore
public import StrataLedger
public import StrataQueue

extension ControlPlane {
  /// What a tenant has and may spend.
  public func account(_ tenant: TenantID) async throws(StrataError) -> (tenant: Tenant, balance: AccountBalance) {
    do {
      guard let stored = try await ledger.tenant(tenant) else {
        throw StrataError(.notFound, "there is no tenant \(tenant)")
      }
      return (stored, try await ledger.balance(of: tenant))
    } catch let error as LedgerError {
      throw error.strataError
    } catch let error as StrataError {
      throw error
    } catch {
      throw StrataError(.internalError, "the account could not be read", cause: error)
    }
  }

  /// What waits and runs in each tier, and which workers there are.
  public func census() async throws(StrataError) -> QueueCensus {
    do { return try await queue.census() } catch {
      throw StrataError(.unavailable, "the queue cannot be reached", remedy: "try again in a moment", cause: error)
    }
  }

  /// The workers that are known and what they run, those heard of last the last; at most `QueueLimits.censusWorkersMax`.
  public func workers() async throws(StrataError) -> [WorkerLoad] {
    do { return try await queue.running() } catch {
      throw StrataError(.unavailable, "the queue cannot be reached", remedy: "try again in a moment", cause: error)
    }
  }

  /// Whether jobs are accepted, as far as it has been looked at; nil before the first look.
  public var admissionState: AdmissionState? { AdmissionState(admission.room.door) }

  /// Recomputes the books.
  public func verifyLedger() async throws(StrataError) -> LedgerReport {
    do { return try await ledger.verify() } catch { throw error.strataError }
  }

  /// Notes that a tenant has uploaded an artifact, and so may read it and give it to jobs.
  public func recordArtifact(_ digest: ArtifactDigest, sizeBytes: Int64, tenant: TenantID) async throws(StrataError) {
    do { try await ledger.own(digest, sizeBytes: sizeBytes, tenant: tenant) } catch { throw error.strataError }
  }

  /// Whether a tenant uploaded an artifact or owns the job that made it.
  public func owns(_ digest: ArtifactDigest, tenant: TenantID) async throws(StrataError) -> Bool {
    do { return try await ledger.owned([digest], by: tenant)[digest] != nil } catch { throw error.strataError }
  }
}
