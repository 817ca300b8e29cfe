import StrataCore

extension Command {
  static let help = Command(
    name: "help", arguments: "[COMMAND]", argumentsMax: .max, summary: "Explain a command",
    run: { arguments in
      guard let name = arguments.positional.first else {
        Terminal.print(Help.overview(of: Main.commands), terminator: "")
        return .done
      }
      Terminal.print(Help.text(for: try Main.command(named: name)), terminator: "")
      return .done
    })

  static let version = Command(
    name: "version", summary: "Print the version",
    run: { _ in
      Terminal.print("strata \(Strata.version)")
      return .done
    })
}
