import StrataAPI
import StrataCore

/// The most that a client will pay for a job, as it wrote it.
enum ChargeBound {
  /// Where a 64-bit float still tells millionths of a credit apart: 2^53 of them.
  static let microsMax: Double = 9_007_199_254_740_992

  /// - Throws: 422 for both members at once, a negative bound, or one that is no number of whole millionths.
  static func read(_ asked: JobRequest) throws(HTTPRefusal) -> MicroCredits? {
    switch (asked.maxCredits, asked.maxMicrocredits) {
    case (nil, nil): return nil
    case (_?, _?): throw refuse("give 'max_credits' or 'max_microcredits', not both")
    case (nil, let micros?):
      guard micros >= 0 else { throw refuse("'max_microcredits' is negative") }
      return MicroCredits(micros: micros)
    case (let credits?, nil):
      guard let micros = micros(of: credits) else {
        throw refuse("'max_credits' is a number of credits, not negative, with at most six decimals")
      }
      return MicroCredits(micros: micros)
    }
  }

  /// Exact: a number is taken if it is what reading some whole number of millionths gives, which no other is.
  static func micros(of credits: JSONValue) -> Int64? {
    switch credits {
    case .integer(let whole):
      let (micros, isTooLarge) = whole.multipliedReportingOverflow(by: 1_000_000)
      return isTooLarge || micros < 0 ? nil : micros
    case .number(let value):
      let micros = (value * 1_000_000).rounded()
      guard micros >= 0, micros < microsMax, micros / 1_000_000 == value else { return nil }
      return Int64(micros)
    default: return nil
    }
  }

  private static func refuse(_ detail: String) -> HTTPRefusal {
    HTTPRefusal(.unprocessableContent, "invalid_body", detail)
  }
}
