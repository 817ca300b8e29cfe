import StrataArtifacts
import StrataCore
import StrataLedger
import StrataRuntime

/// Finds out how many units of their capability's meter jobs may come to, so that they are held for those and no more.
struct WorkMeter: Sendable {
  let catalogue: any CapabilityCatalogue
  let store: ArtifactStore
  let disk: BlockingPool

  /// What can be said of a job before it runs.
  enum Reading: Hashable, Sendable {
    /// Nothing of its work is counted, or its owner has said the bound, or its inputs say it.
    case known
    /// Its inputs do not say it, as some are yet to be made: what the capability assumes stands.
    case assumed
    /// Some inputs are not there, and are not counted.
    case absent
  }

  /// Sets `unitsMax` of a checked order to what its inputs say.
  ///
  /// - Parameters:
  ///   - stored: the artifacts of its tenant that are there. No other is looked at.
  ///   - task: that stands for all of an array, whose order says what they have in common.
  ///   - mayLack: whether inputs may be missing, as they may of what is only asked for.
  /// - Complexity: reads the beginning of each input; nothing of a job whose work is not counted.
  @discardableResult
  func measure(
    _ submission: inout JobSubmission, asked draft: JobDraft, among stored: [ArtifactDigest: Int64],
    as task: ArrayTask? = nil, mayLack: Bool = false
  ) async -> Reading {
    guard submission.order.unitsMax != nil, draft.unitsMax == nil else { return .known }
    var order = task.map { submission.order.filled($0, job: submission.job) } ?? submission.order
    let wanted = order.inputs.count
    order.inputs = order.inputs.filter { stored[$0.digest] != nil }
    let isAbsent = order.inputs.count < wanted
    guard mayLack || !isAbsent else { return .assumed }
    let awaited = submission.awaited?.items.map { $0.reference.name ?? $0.reference.result } ?? []
    let units = await disk.run { [catalogue, store, order] () -> Int64? in
      let paths = order.inputs.compactMap { store.file(of: $0.digest)?.path }
      guard paths.count == order.inputs.count else { return nil }
      return catalogue.unitsMax(of: order, paths: paths, awaited: awaited)
    }
    guard let units else { return .assumed }
    submission.order.unitsMax = units
    return isAbsent ? .absent : .known
  }
}
