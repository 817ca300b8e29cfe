import Foundation
import StrataCore
import StrataFaults

/// What the program is told.
struct Options {
  static let usage = """
    usage: strata-faults [OPTION…]

    Runs random workloads on two controllers, three workers, Redis and PostgreSQL, does random harm to all of them, and looks
    for promises of docs/reliability.md that are broken. A run that breaks one is made smaller and written down.

      --seed N      begin with this seed; the next run has the next one [random]
      --rounds N    how many runs [1]
      --hours H     as many runs as begin within so many hours, such as 0.5
      --seconds S   how long requests and faults come in a run [20]
      --faults N    the most faults in a run [8]
      --only NAMES  these kinds of faults only: a list with commas
      --plan FILE   repeat the plan in a file, as often as --rounds says
      --shrink M    how many minutes a failing run may be made smaller for, 0 for not [10]
      --out FOLDER  where failing runs go, with their logs [faults-out]
      --quiet       say nothing of runs that are well

    Exit status: 0 all was well, 1 something was not, 2 wrong words, 4 it could not be tried.
    """

  var seed = UInt64.random(in: 0...UInt64(UInt32.max))
  var rounds = 1
  var hours: Double?
  var bounds = FaultPlan.Bounds()
  var only: Set<Fault>?
  var plan: String?
  var shrinkMinutes = 10.0
  var out = "faults-out"
  var isQuiet = false
  var wantsHelp = false

  init(_ words: [String]) throws {
    var rest = words[...]
    func value(_ name: String) throws -> String {
      guard let value = rest.popFirst() else { throw Self.wrong("\(name) needs a value") }
      return value
    }
    func number<Number: LosslessStringConvertible & Comparable>(
      _ name: String, _ range: ClosedRange<Number>
    ) throws -> Number {
      let text = try value(name)
      guard let number = Number(text), range.contains(number) else {
        throw Self.wrong("\(name) cannot be '\(text)'; give \(range.lowerBound) to \(range.upperBound)")
      }
      return number
    }
    while let word = rest.popFirst() {
      switch word {
      case "--seed": seed = try number(word, 0...UInt64.max)
      case "--rounds": rounds = try number(word, 1...1_000_000)
      case "--hours": hours = try number(word, 0.001...10_000.0)
      case "--seconds": bounds.milliseconds = try number(word, 1...3_600) * 1_000
      case "--faults": bounds.strikesMax = try number(word, 1...1_000)
      case "--only": only = try Self.faults(value(word))
      case "--plan": plan = try value(word)
      case "--shrink": shrinkMinutes = try number(word, 0.0...10_000.0)
      case "--out": out = try value(word)
      case "--quiet": isQuiet = true
      case "--help", "-h": wantsHelp = true
      default: throw Self.wrong("there is no option '\(word)'")
      }
    }
  }

  private static func faults(_ list: String) throws -> Set<Fault> {
    Set(
      try list.split(separator: ",").map { name in
        guard let fault = Fault(rawValue: String(name)) else {
          throw wrong(
            "there is no fault '\(name)'; there are \(Fault.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return fault
      })
  }

  private static func wrong(_ what: String) -> StrataError {
    StrataError(.invalidInput, what, remedy: "see strata-faults --help")
  }
}
