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
    enterOwnMounts(words)
    // A relay learns by an error that somebody has hung up.
    Signals.ignoreBrokenPipes()
    do {
      let options = try Options(words)
      if options.wantsHelp { return say(Options.usage) }
      Glibc.exit(try await Campaign(options).run() ? 0 : 1)
    } catch {
      FileHandle.standardError.write(Data("strata-faults: \(error)\n".utf8))
      Glibc.exit((error as? StrataError)?.code == .invalidInput ? 2 : 4)
    }
  }

  /// What is mounted to be filled is seen by this program and what it starts alone, and is gone with them. Needs root; others
  /// go on without, and cannot fill a disk.
  private static func enterOwnMounts(_ words: [String]) {
    let mark = "STRATA_FAULTS_MOUNTS"
    guard geteuid() == 0, Environment.current[mark] == nil else { return }
    unsafe setenv(mark, "own", 1)
    let command = ["unshare", "--mount", "--propagation", "private", OwnProgram.path] + words
    var arguments: [UnsafeMutablePointer<CChar>?] = unsafe command.map { unsafe strdup($0) } + [nil]
    _ = unsafe execvp("unshare", &arguments)
  }
}

/// Prints a line at once: who follows a long campaign in a file sees each run when it is over.
func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
