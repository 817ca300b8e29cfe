import StrataCore

/// A server that went away while something is waited for: it restarts by itself, and is waited for so long.
struct Outage {
  /// What a person sees meanwhile.
  static let stage = "waiting for the server"
  private static let longest = Duration.seconds(60)

  private let noun: String
  private let id: String
  private var start: ContinuousClock.Instant?

  /// - Parameters:
  ///   - noun: what is waited for, and the command for it.
  ///   - id: its identifier.
  init(of noun: String, _ id: String) { (self.noun, self.id) = (noun, id) }

  /// The server has answered.
  mutating func end() { start = nil }

  /// - Throws: once it has lasted too long.
  mutating func bear(_ error: StrataError) throws(StrataError) {
    let begun = start ?? .now
    start = begun
    guard ContinuousClock.now - begun < Self.longest else {
      throw StrataError(
        .unreachable, "\(error.message), for \(Self.longest.brief) now; the \(noun) goes on when its server does",
        remedy: "wait again with strata \(noun) wait \(id)")
    }
  }
}
