import StrataCore
import StrataRuntime

@main
struct Main {
  static let commands: [Command] = [
    .up, .down, .restart, .status, .doctor, .submit, .run, .local, .jobs, .job, .cancel, .retry, .array, .batch,
    .schedule, .capabilities, .account, .keys, .queue, .workers, .tiers, .tenants, .ledger, .simulateScan, .help,
    .version, .controller, .worker, .runner, .sentinel,
  ]

  static func main() async {
    Descriptor.occupyMissingStandards()
    let status = await Failure.reporting { try await dispatch(CommandLine.arguments.dropFirst()) }
    Process.exit(status)
  }

  static func command(named name: String) throws(UsageError) -> Command {
    if let command = commands.first(where: { $0.name == name }) { return command }
    let near = Spelling.nearest(to: name, among: commands.filter { !$0.isHidden }.map(\.name))
    throw UsageError("unknown command '\(name)'" + (near.map { "; did you mean '\($0)'?" } ?? ""))
  }

  private static func dispatch(_ words: ArraySlice<String>) async throws -> ExitStatus {
    guard let name = words.first, name != "--help", name != "-h" else {
      Terminal.print(Help.overview(of: commands), terminator: "")
      return words.isEmpty ? .badUsage : .done
    }
    let command = try command(named: name == "--version" ? "version" : name)
    let rest = words.dropFirst()
    let own = command.stopsAtFirstArgument ? Array(rest.prefix { $0.hasPrefix("-") && $0 != "--" }) : Array(rest)
    if own.contains("--help") || own.contains("-h") {
      Terminal.print(Help.text(for: command), terminator: "")
      return .done
    }
    do {
      return try await command.run(Arguments(rest, for: command))
    } catch let error as UsageError {
      throw UsageError(error.message, command: error.command ?? command.name)
    }
  }
}
