import StrataCore

/// A server that went away while something is waited for, or one that it needs: it comes back by itself, and is waited for so
/// long.
package struct Outage {
  /// What a person sees meanwhile.
  static let stage = "waiting for the server"
  private static let longest = Duration.seconds(60)

  private let noun: String
  private let id: String
  private var start: ContinuousClock.Instant?

  /// - Parameters:
  ///   - noun: what is waited for, and the command for it.
  ///   - id: its identifier.
  package init(of noun: String, _ id: String) { (self.noun, self.id) = (noun, id) }

  /// The server has answered, whatever it was asked.
  package mutating func end() { start = nil }

  /// - Throws: `error` itself where it says that waiting is of no use; and once the outage has lasted too long.
  package mutating func bear(_ error: any Error) throws {
    guard let error = error as? StrataError, Failure.status(of: error.code) == .unreachable else { throw error }
    let begun = start ?? .now
    start = begun
    guard ContinuousClock.now - begun < Self.longest else {
      throw StrataError(
        .unreachable, "\(error.message), for \(Self.longest.brief) now; the \(noun) goes on when its server does",
        remedy: "wait again with strata \(noun) wait \(id)")
    }
  }
}
