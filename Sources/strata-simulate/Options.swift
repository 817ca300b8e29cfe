import StrataCore
import StrataSimulation

/// What was asked for.
struct Options {
  enum Length: Equatable {
    case histories(Int)
    case seconds(Int)
  }

  struct Mistake: Error, CustomStringConvertible {
    let description: String
  }

  static let help = """
    strata-simulate [--seed N] [--histories N | --seconds N] [--break RULE] [--trace]

    Plays histories of the lease, retry and settlement logic in one process, under a clock, a network and crashes of its own. A
    history is a function of its seed: one that breaks a promise is named, and '--seed N --histories 1' replays it exactly.

      --seed N        the first seed, each other is the next (a new one unless given)
      --histories N   how many (200)
      --seconds N     as many as can be played in so many seconds
      --break RULE    break a rule on purpose, until a history shows it: \(Mutation.allCases.map(\.rawValue).joined(separator: ", "))
      --trace         print a digest of all that happened in each history
    """

  var seed = UInt64.random(in: 0...UInt64(UInt32.max))
  var length = Length.histories(200)
  var mutation: Mutation?
  var printsTraces = false
  var wantsHelp = false

  init(_ words: ArraySlice<String>) throws(Mistake) {
    var rest = words
    while let word = rest.popFirst() {
      switch word {
      case "--help", "-h": wantsHelp = true
      case "--trace": printsTraces = true
      case "--seed": seed = try Self.number(after: word, &rest)
      case "--histories": length = .histories(Int(try Self.number(after: word, &rest, least: 1)))
      case "--seconds": length = .seconds(Int(try Self.number(after: word, &rest, least: 1)))
      case "--break":
        guard let rule = rest.popFirst().flatMap(Mutation.init) else {
          throw Mistake(
            description: "--break needs one of \(Mutation.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        mutation = rule
      default: throw Mistake(description: "there is no option '\(word)'; see --help")
      }
    }
  }

  private static func number(
    after word: String, _ rest: inout ArraySlice<String>, least: UInt64 = 0
  ) throws(Mistake) -> UInt64 {
    guard let number = rest.popFirst().flatMap({ UInt64($0) }), (least...UInt64(Int.max)).contains(number) else {
      throw Mistake(description: "\(word) needs a whole number, at least \(least)")
    }
    return number
  }
}
