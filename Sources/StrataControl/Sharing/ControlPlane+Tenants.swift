public import StrataCore
public import StrataLedger
import StrataRuntime

/// What tenants may be.
public struct TenantLimits: Hashable, Sendable {
  /// Bytes of a tenant's name, and of its plan's.
  public var nameBytesMax = 100

  public init() {}
}

extension ControlPlane {
  /// The plan of a tenant of which none is said.
  public static let planStandard = "local"

  /// Makes a tenant, who is no operator, with credits to spend and no key.
  ///
  /// - Throws: `invalidBody` for a name, a plan or an amount that cannot be; `conflict` where the name is taken.
  public func createTenant(
    named name: String, plan: String = planStandard, credits: MicroCredits
  ) async throws(StrataError) -> Tenant {
    try requirePlain(name, "a tenant's name")
    try requirePlain(plan, "a plan's name")
    guard credits >= .zero else {
      throw StrataError(.invalidBody, "'grant_microcredits' is negative", remedy: "give 0 or more")
    }
    do throws(LedgerError) {
      let id = try await ledger.createTenant(name: name, plan: plan, credits: credits)
      log.info("tenant made", ["tenant": "\(id)", "name": name])
      guard let tenant = try await ledger.tenant(id) else { throw LedgerError.notFound("tenant \(id)") }
      return tenant
    } catch {
      throw error.strataError
    }
  }

  private func requirePlain(_ text: String, _ what: String) throws(StrataError) {
    let most = configuration.tenants.nameBytesMax
    guard PlainName.isOne(text, bytesMax: most) else {
      throw StrataError(
        .invalidBody, "'\(text)' cannot be \(what)", remedy: PlainName.remedy(bytesMax: most))
    }
  }
}
