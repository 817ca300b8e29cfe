import Glibc
import StrataClient
package import StrataCore

/// How a command's error reaches the person: one sentence on standard error, and the exit code.
package enum Failure {
  static func reporting(_ body: () async throws -> ExitStatus) async -> ExitStatus {
    do {
      return try await body()
    } catch let error as UsageError {
      let hint = error.command.map { "strata help \($0)" } ?? "strata help"
      tell(error.message + (error.message.hasSuffix("?") ? " See" : "; see") + " '\(hint)'")
      return .badUsage
    } catch let error as StrataError {
      tell(error.description)
      return status(of: error.code)
    } catch {
      tell("\(error)")
      return .failedJob
    }
  }

  /// One sentence, with one full stop unless it asks something.
  private static func tell(_ words: String) {
    let isEnded = words.last.map { ".?!".contains($0) } ?? false
    Terminal.note("strata: \(words)\(isEnded ? "" : ".")")
  }

  /// The exit code that a refusal or a failure with `code` stands for.
  package static func status(of code: StrataError.Code) -> ExitStatus {
    switch code {
    case .invalidInput, .notFound: .badUsage
    case .budgetExceeded, .unsatisfiable, .limitExceeded, .unauthorized, .conflict, .queueFull, .tooManyWaiting:
      .refused
    case .timeOver: .timeOver
    case .unavailable, .timeout, .unreachable: .unreachable
    default: .failedJob
    }
  }
}

enum Process {
  static func exit(_ status: ExitStatus) -> Never { Glibc.exit(status.rawValue) }
}

extension StrataError.Code {
  /// Nobody answers where the server should be.
  static let unreachable = StrataError.Code(rawValue: "unreachable")
  /// The time is over that somebody gave to a wait.
  static let timeOver = StrataError.Code(rawValue: "time_over")
}
