import StrataCore

/// What is known of a job that waits for others. `reasons` is pure.
struct BlockedFacts: Sendable {
  /// Jobs that a sentence names.
  static let namedMax = 10

  /// What it was submitted to run after, perhaps one of them twice.
  let after: [JobID]
  /// How those stand.
  let states: [JobID: JobState]
  let runAt: Timestamp?
  let now: Timestamp

  /// What holds it, the weightiest first; never empty.
  var reasons: [Explanation.Reason] {
    var seen: Set<JobID> = []
    let open = after.filter { seen.insert($0).inserted && states[$0]?.isFinal == false }
    let waiting = Explanation.Reason(
      .blocked, Self.words(open, of: seen.count), count: open.count,
      jobs: Array(open.prefix(Explanation.Reason.jobsMax)))
    guard let runAt, runAt > now else { return [waiting] }
    let later = Explanation.Reason(
      .scheduled, "it was submitted for later: it does not run before \(runAt.text), whenever those end", until: runAt)
    return [waiting, later]
  }

  private static func words(_ open: [JobID], of all: Int) -> String {
    guard !open.isEmpty else { return "the jobs that it was to run after have ended: it is told so in a moment" }
    let names = open.prefix(namedMax).map(\.description).joined(separator: ", ")
    let more = open.count > namedMax ? " and \(open.count - namedMax) more" : ""
    return "it waits for \(open.count) of the \(all) jobs that it runs after to end: \(names)\(more)"
  }
}
