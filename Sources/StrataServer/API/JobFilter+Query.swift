import StrataControl
import StrataCore
import StrataLedger

extension JobFilter {
  /// The items of a query that say which jobs are meant, but for the schedule, whose name the ledger knows.
  static let queryItems = [
    "state", "batch", "schedule", "capability", "tier", "name", "label", "code", "since", "until",
  ]

  /// - Throws: 400 for the first item that says nothing.
  init(_ query: HTTPQuery, tenant: TenantID?) throws(HTTPRefusal) {
    self.init(tenant: tenant)
    states = try query["state"].map(Self.states)
    batch = try query["batch"].map { text throws(HTTPRefusal) in
      guard let id = BatchID(text) else {
        throw HTTPRefusal(.badRequest, "invalid_batch", "'batch' takes a batch's identifier (26 letters and digits)")
      }
      return id
    }
    soldAs = query["capability"]
    tier = try query["tier"].map { text throws(HTTPRefusal) in
      guard let name = TierName(rawValue: text) else {
        throw HTTPRefusal(.badRequest, "invalid_tier", "'\(text)' cannot be a tier's name (a–z, 0–9 and -, at most 32)")
      }
      return name
    }
    name = query["name"].map(NamePattern.init)
    labels = try Self.labels(query.items.filter { $0.name == "label" }.map(\.value))
    errorCode = query["code"]
    since = try Self.instant(query, "since")
    until = try Self.instant(query, "until")
  }

  static func states(_ text: String) throws(HTTPRefusal) -> Set<JobState> {
    var states: Set<JobState> = []
    for name in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let state = JobState(rawValue: String(name)) else {
        let known = JobState.allCases.map(\.rawValue).joined(separator: ", ")
        throw HTTPRefusal(.badRequest, "invalid_state", "there is no state '\(name)'; the states are \(known)")
      }
      states.insert(state)
    }
    return states
  }

  /// - Parameter texts: each `NAME=VALUE`.
  private static func labels(_ texts: [String]) throws(HTTPRefusal) -> [String: String] {
    var labels: [String: String] = [:]
    for text in texts {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2 else {
        throw HTTPRefusal(.badRequest, "invalid_label", "'label' takes NAME=VALUE, not '\(text.prefix(40))'")
      }
      do throws(StrataError) { try JobMetadata.check(label: parts[0], parts[1]) } catch {
        throw HTTPRefusal(.badRequest, "invalid_label", error.description)
      }
      guard labels.updateValue(parts[1], forKey: parts[0]) == nil else {
        throw HTTPRefusal(.badRequest, "invalid_label", "the label '\(parts[0])' is given twice: it has one value")
      }
    }
    return labels
  }

  private static func instant(_ query: HTTPQuery, _ item: String) throws(HTTPRefusal) -> Timestamp? {
    guard let text = query[item] else { return nil }
    guard let instant = Timestamp(text: text) else {
      throw HTTPRefusal(
        .badRequest, "invalid_instant",
        "'\(item)' takes an instant with its offset, such as 2026-11-21T06:15:00Z, not '\(text.prefix(40))'")
    }
    return instant
  }
}

extension JobFilter.NamePattern {
  /// One that ends in `*` stands for all that begin so.
  init(_ text: String) { self = text.last == "*" ? .beginning(String(text.dropLast())) : .exactly(text) }
}
