import StrataArtifacts
public import StrataCore
import StrataLedger

/// What is told of a submission that is accepted all the same.
public struct SubmissionWarning: Hashable, Sendable {
  /// What a submission would be refused with that had nothing else to offer; or `noWorker`.
  public let code: StrataError.Code
  /// What is wrong, and what to do.
  public let message: String
}

/// What a submission would come to.
public struct AdmissionPreview: Hashable, Sendable {
  /// The most that it could be charged.
  public let held: MicroCredits
  public let warnings: [SubmissionWarning]
}

extension StrataError.Code {
  /// Nobody is there who could run a job, though somebody is said to come.
  public static let noWorker = StrataError.Code(rawValue: "no_worker")
  /// What a job will be held for is not known before its inputs are there.
  public static let unitsUnknown = StrataError.Code(rawValue: "units_unknown")
}

extension AdmissionService {
  /// Measures what a job is held for, and tells where that is more than can be said now.
  func warnings(
    measuring submission: inout JobSubmission, asked draft: JobDraft, among stored: [ArtifactDigest: Int64],
    as task: ArrayTask? = nil, mayLack: Bool = false
  ) async -> [SubmissionWarning] {
    let reading = await meter.measure(&submission, asked: draft, among: stored, as: task, mayLack: mayLack)
    guard reading != .known, let (capability, price) = try? meter.catalogue.resolve(submission.soldAs),
      let unit = capability.meter?.unit, price.perMillionUnits > .zero
    else { return [] }
    let words =
      reading == .absent
      ? "inputs that are not uploaded yet are not counted: each million \(unit) is \(price.perMillionUnits) credits more"
      : "its inputs do not say how many \(unit) they have: credits are held for \(submission.order.unitsMax ?? 0), and more"
        + " fail; 'units_max' says fewer, or more"
    return [SubmissionWarning(code: .unitsUnknown, message: words)]
  }

  /// Which of several ways to run a job no worker that is known could ever run, and whether all the others wait for workers
  /// that have been declared and not been seen. It is by what is known already: nobody waits for a look at the workers whose
  /// job is accepted in either case.
  func warnings(of submission: JobSubmission) -> [SubmissionWarning] {
    let preferred = Placement(tier: submission.tier, resources: submission.order.resources)
    let (ways, known) = ([preferred] + (submission.order.alternatives ?? []), tiers.book.tiers)
    let refused = ways.count == 1 ? [] : (try? TierCheck(tiers: known).impossible(among: ways)) ?? []
    let warnings = refused.map { place, why in
      let way = place == 0 ? "the preferred way to run it" : "alternative \(place)"
      return SubmissionWarning(code: why.code, message: "\(way) can never be taken at present: \(why)")
    }
    let open = ways.enumerated().filter { way in !refused.contains { $0.0 == way.offset } }.map(\.element)
    guard !open.isEmpty, open.allSatisfy({ known[$0.tier]?.onlyDeclaredSizeFits($0.resources) == true }) else {
      return warnings
    }
    let names = Set(open.map(\.tier.rawValue)).sorted().map { "'\($0)'" }.joined(separator: " or ")
    return warnings + [
      SubmissionWarning(
        code: .noWorker,
        message:
          "it waits until a worker of tier \(names) comes: none that could run it was seen in the last day, and one"
          + " is only declared")
    ]
  }
}
