/// The help texts, made from the commands' own definitions.
enum Help {
  static func overview(of commands: [Command]) -> String {
    let shown = commands.filter { !$0.isHidden }
    let width = (shown.map(\.name.count).max() ?? 0) + 2
    let lines = shown.map { "  \($0.name.padded(to: width))\($0.summary)" }
    return """
      Strata runs heavy jobs on tiered workers and knows what each one cost.

      usage: strata COMMAND [OPTION…] [ARGUMENT…]

      \(lines.joined(separator: "\n"))

      'strata help COMMAND' explains one. Start with 'strata doctor', then 'strata up'.
      STRATA_URL and STRATA_API_KEY name a server elsewhere, STRATA_DATA_DIR stands for --data-dir.
      In a pipe a list has a line for each thing, tabs between columns, no header; with --json it is {"items": […]}.
      Exit codes: 0 done, 1 failed job, 2 bad usage, 3 refused (budget, plan, limits), 4 cannot reach the server,
      5 the time given is over (down --grace, queue drain --timeout), 130 interrupted while waiting (the job goes on),
      143 the same by SIGTERM.

      """
  }

  static func text(for command: Command) -> String {
    let usage = ["strata", command.name, command.options.isEmpty ? "" : "[OPTION…]", command.arguments]
    var text = "usage: \(usage.filter { !$0.isEmpty }.joined(separator: " "))\n\n\(command.summary).\n"
    if !command.details.isEmpty { text += "\n\(command.details)\n" }
    guard !command.options.isEmpty else { return text }
    let heads = command.options.map { "--\($0.name)" + ($0.value.map { " \($0)" } ?? "") }
    let width = (heads.map(\.count).max() ?? 0) + 2
    text += "\nOptions:\n"
    for (head, option) in zip(heads, command.options) {
      text += "  \(head.padded(to: width))\(option.summary)\(option.repeats ? " (may be repeated)" : "")\n"
    }
    let used = Placeholder.allCases.filter { kind in command.options.contains { $0.takes(kind) } }
    if !used.isEmpty { text += "\n" + used.map { "\($0.rawValue) is \($0.explanation).\n" }.joined() }
    return text
  }
}

extension String {
  func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
