import Foundation
import StrataCore
import StrataFaults
import StrataRuntime

/// Random faults on real servers, until something that was promised is not kept.
@main
struct Main {
  static func main() async {
    let words = Array(CommandLine.arguments.dropFirst())
    if words.first == Work.subcommand { Glibc.exit(Work.perform(Array(words.dropFirst()))) }
    // A relay learns by an error that somebody has hung up.
    Signals.ignoreBrokenPipes()
    do {
      let options = try Options(words)
      if options.wantsHelp { return say(Options.usage) }
      Glibc.exit(try await Campaign(options, mayMount: OwnMounts.enter()).run() ? 0 : 1)
    } catch {
      FileHandle.standardError.write(Data("strata-faults: \(error)\n".utf8))
      Glibc.exit((error as? StrataError)?.code == .invalidInput ? 2 : 4)
    }
  }
}

/// Prints a line at once: who follows a long campaign in a file sees each run when it is over.
func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
