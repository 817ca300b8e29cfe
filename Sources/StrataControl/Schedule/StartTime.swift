public import StrataCore

/// When a job is to run at the earliest, as its client said it.
public enum StartTime: Hashable, Sendable {
  case at(Timestamp)
  /// So long after its acceptance.
  case after(Duration)

  /// The furthest that one may lie ahead: a job's credits are held until it has run.
  public static let aheadMax = Duration.seconds(366 * 86_400)

  /// The instant, or nil for one that is not in the future: the job runs at once.
  ///
  /// - Throws: `invalidBody` for one that is too far ahead, and for a negative delay.
  func instant(from now: Timestamp) throws(StrataError) -> Timestamp? {
    let wait: Duration
    switch self {
    // Compared first: the span to a long-gone instant does not fit.
    case .at(let instant): wait = instant > now ? instant - now : .zero
    case .after(let delay): wait = delay
    }
    guard wait >= .zero else {
      throw StrataError(.invalidBody, "the delay is negative", remedy: "give how many seconds to wait")
    }
    guard wait <= Self.aheadMax else {
      throw StrataError(
        .invalidBody, "the job would start more than a year from now",
        remedy: "submit it later: its credits are held until it has run")
    }
    return wait > .zero ? now + wait : nil
  }

  /// Whole seconds from its acceptance; nil for an instant.
  public var secondsAfter: Int64? {
    if case .after(let delay) = self { delay.components.seconds } else { nil }
  }

  /// The same text for the same request, whenever it is repeated.
  var fingerprint: String {
    switch self {
    case .at(let instant): "at \(instant.nanoseconds)"
    case .after(let delay): "after \(delay.nanoseconds)"
    }
  }
}
