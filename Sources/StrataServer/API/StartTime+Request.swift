import StrataAPI
import StrataControl
import StrataCore

extension StartTime {
  /// What a request says of its start; nil where it says nothing.
  ///
  /// - Throws: 422 for both members at once, a text that is no instant, a negative delay.
  init?(_ asked: JobRequest) throws(HTTPRefusal) {
    switch (asked.runAt, asked.delaySeconds) {
    case (nil, nil): return nil
    case (_?, _?): throw Self.refuse("give 'run_at' or 'delay_seconds', not both")
    case (nil, let seconds?):
      guard seconds >= 0 else { throw Self.refuse("'delay_seconds' is negative") }
      self = .after(.seconds(seconds))
    case (let text?, nil):
      guard let instant = Timestamp(text: text) else {
        throw Self.refuse("'run_at' is an instant with its offset, such as 2026-11-21T06:15:00Z or …T08:15:00+02:00")
      }
      self = .at(instant)
    }
  }

  private static func refuse(_ detail: String) -> HTTPRefusal {
    HTTPRefusal(.unprocessableContent, "invalid_body", detail)
  }
}
