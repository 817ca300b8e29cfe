public import StrataCore
import StrataLedger

/// What is told of a submission that is accepted all the same.
public struct SubmissionWarning: Hashable, Sendable {
  /// What a submission would be refused with that had nothing else to offer.
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

extension AdmissionService {
  /// Which of several ways to run a job no worker that is known could ever run. It is by what is known already: nobody
  /// waits for a look at the workers whose job is accepted in either case.
  func warnings(of submission: JobSubmission) -> [SubmissionWarning] {
    guard let alternatives = submission.order.alternatives else { return [] }
    let preferred = Placement(tier: submission.tier, resources: submission.order.resources)
    let refused = (try? TierCheck(tiers: tiers.book.tiers).impossible(among: [preferred] + alternatives)) ?? []
    return refused.map { place, why in
      let way = place == 0 ? "the preferred way to run it" : "alternative \(place)"
      return SubmissionWarning(code: why.code, message: "\(way) can never be taken at present: \(why)")
    }
  }
}
