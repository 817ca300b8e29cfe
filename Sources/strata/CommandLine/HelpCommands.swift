import StrataCore

extension Command {
  static let help = Command(
    name: "help", arguments: "[COMMAND]", summary: "Explain a command",
    run: { arguments in
      guard let name = arguments.positional.first else {
        Terminal.print(Help.overview(of: Main.commands), terminator: "")
        return .done
      }
      guard let command = Main.commands.first(where: { $0.name == name }) else {
        throw UsageError("unknown command '\(name)'")
      }
      Terminal.print(Help.text(for: command), terminator: "")
      return .done
    })

  static let version = Command(
    name: "version", summary: "Print the version",
    run: { _ in
      Terminal.print("strata \(Main.version)")
      return .done
    })
}
