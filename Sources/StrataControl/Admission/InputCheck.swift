import StrataArtifacts
public import StrataCore
import StrataLedger
import StrataRuntime

extension StrataError.Code {
  /// A job names an input that its tenant does not own or that is not stored.
  public static let unknownArtifact = StrataError.Code(rawValue: "unknown_artifact")
}

/// Makes sure that a job's inputs are there and its tenant's: one query, and none for a job without inputs.
struct InputCheck: Sendable {
  let ledger: Ledger
  let store: ArtifactStore
  let disk: BlockingPool

  /// Whether each could be uploaded now: not too large, and room for it.
  func requireTakeable(_ inputs: [ArtifactReference]) async throws(StrataError) {
    guard !inputs.isEmpty else { return }
    try await disk.run { [store] () throws(StrataError) in
      for input in inputs { try store.requireTakeable(Int(input.sizeBytes)) }
    }
  }

  /// - Returns: the sizes of those that are there, which are all.
  @discardableResult
  func require(
    _ inputs: [ArtifactReference], of tenant: TenantID
  ) async throws(StrataError) -> [ArtifactDigest: Int64] {
    let stored = try await stored(inputs, of: tenant)
    try require(inputs, among: stored)
    return stored
  }

  /// The sizes of those that the tenant owns and that are there: one query, and none for no inputs.
  func stored(_ inputs: [ArtifactReference], of tenant: TenantID) async throws(StrataError) -> [ArtifactDigest: Int64] {
    guard !inputs.isEmpty else { return [:] }
    let owned: [ArtifactDigest: Int64]
    do { owned = try await ledger.owned(inputs.map(\.digest), by: tenant) } catch { throw error.strataError }
    return await disk.run { [store] in owned.filter { store.size(of: $0.key) != nil } }
  }

  func require(_ inputs: [ArtifactReference], among stored: [ArtifactDigest: Int64]) throws(StrataError) {
    for input in inputs {
      guard let size = stored[input.digest] else {
        throw StrataError(
          .unknownArtifact, "input '\(input.name)': there is no artifact \(input.digest) of this tenant",
          remedy: "upload it first, as this tenant")
      }
      guard size == input.sizeBytes else {
        throw StrataError(
          .unknownArtifact, "input '\(input.name)': the artifact has \(size) bytes, not \(input.sizeBytes)",
          remedy: "give the reference as the upload answered it")
      }
    }
  }
}
