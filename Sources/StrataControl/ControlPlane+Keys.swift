public import StrataCore
public import StrataLedger
import StrataRuntime

/// API keys, as a tenant sees its own.
extension ControlPlane {
  /// Oldest first, revoked ones too.
  public func keys(of tenant: TenantID) async throws(StrataError) -> [APIKey] {
    do { return try await ledger.keys(of: tenant) } catch { throw error.strataError }
  }

  /// Makes a key, whose secret is told here and never again.
  public func createKey(named name: String, tenant: TenantID) async throws(StrataError) -> NewAPIKey {
    do {
      let new = try await ledger.createKey(tenant: tenant, name: name)
      log.info("key made", ["key": "\(new.id)", "tenant": "\(tenant)"])
      return new
    } catch {
      throw error.strataError
    }
  }

  /// Makes a key useless: here at once, at other controllers within `Configuration.keyMemory`. Whoever watches a job with
  /// it is seen off as well: here at once, elsewhere at the next sign of life of his stream.
  ///
  /// - Parameter evenLast: whether it may be the tenant's last valid one.
  /// - Throws: `notFound` unless it is the tenant's, `conflict` for its last one.
  public func revokeKey(_ key: KeyID, tenant: TenantID, evenLast: Bool) async throws(StrataError) -> APIKey {
    do {
      let revoked = try await ledger.revokeKey(key, tenant: tenant, evenLast: evenLast)
      authenticator.forget(key)
      await events.noteRevocation()
      log.info("key revoked", ["key": "\(key)", "tenant": "\(tenant)"])
      return revoked
    } catch {
      throw error.strataError
    }
  }

  /// - Throws: `notFound`.
  public func tenant(named name: String) async throws(StrataError) -> TenantID {
    let found: Tenant?
    do { found = try await ledger.tenant(named: name) } catch { throw error.strataError }
    guard let found else {
      throw StrataError(.notFound, "there is no tenant '\(name)'", remedy: "'strata tenants' lists them")
    }
    return found.id
  }
}
