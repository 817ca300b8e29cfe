import Glibc
import StrataCore
import StrataSimulation

/// Plays histories of the simulation, and says which seeds break a promise.
@main struct Main {
  static func main() {
    let options: Options
    do {
      options = try Options(CommandLine.arguments.dropFirst())
    } catch {
      complain("\(error)")
      exit(2)
    }
    if options.wantsHelp {
      print(Options.help)
      return
    }
    SteadyHashing.require()
    exit(Campaign(options).run() ? 0 : 1)
  }
}

/// Says on standard error what was wrong.
func complain(_ text: String) {
  let bytes = Array("strata-simulate: \(text)\n".utf8)
  _ = unsafe write(STDERR_FILENO, bytes, bytes.count)
}
