import StrataAPI
import StrataControl
import StrataCore

extension StartTime {
  /// What a request says of its start; nil where it says nothing.
  ///
  /// - Throws: 422 for both members at once, a text that is no instant, a negative delay.
  init?(_ asked: JobRequest) throws(HTTPRefusal) {
    try self.init(("run_at", asked.runAt), ("delay_seconds", asked.delaySeconds))
  }

  /// What a request says of the time by which it has to have started; nil where it says nothing.
  ///
  /// - Throws: as above.
  init?(startBy asked: JobRequest) throws(HTTPRefusal) {
    try self.init(("start_by", asked.startBy), ("start_within_seconds", asked.startWithinSeconds))
  }

  private init?(_ at: (name: String, text: String?), _ after: (name: String, seconds: Int64?)) throws(HTTPRefusal) {
    switch (at.text, after.seconds) {
    case (nil, nil): return nil
    case (_?, _?): throw .invalidBody("give '\(at.name)' or '\(after.name)', not both")
    case (nil, let seconds?):
      guard seconds >= 0 else { throw .invalidBody("'\(after.name)' is negative") }
      self = .after(.seconds(seconds))
    case (let text?, nil):
      guard let instant = Timestamp(text: text) else {
        throw .invalidBody(
          "'\(at.name)' is an instant with its offset, such as 2026-11-21T06:15:00Z or …T08:15:00+02:00")
      }
      self = .at(instant)
    }
  }
}
