import StrataAPI
import StrataCore

/// One use of `strata queue drain`: nothing of a gate starts any more, and what runs is waited for.
struct QueueDrain {
  /// How often it is looked at.
  private static let interval = Duration.milliseconds(500)

  let action: GateAction

  /// - Throws: `timeOver` where something still runs after the time that was given; what was paused stays so.
  func perform() async throws -> ExitStatus {
    let patience = try action.arguments["timeout"].map { text throws(UsageError) in
      Duration.seconds(try Quantity.seconds(text, of: "--timeout"))
    }
    _ = try await action.change(LimitPatch(isPaused: true))
    let start = ContinuousClock.now
    var told: Int?
    while true {
      let gate = try await action.current()
      guard gate.isPaused else { throw resumed(gate) }
      guard let running = gate.running else {
        throw StrataError(
          .unavailable, "the server does not tell how many jobs run", remedy: "it is older than this program: update it"
        )
      }
      if running == 0 { return try finish(gate) }
      if running != told {
        Terminal.note("\(gate.kind) \(gate.name): \(running.counted("job")) still \(running == 1 ? "runs" : "run")")
      }
      told = running
      if let patience, ContinuousClock.now - start >= patience {
        throw StrataError(
          .timeOver, "\(gate.kind) '\(gate.name)' still runs \(running.counted("job")) after \(patience.brief)",
          remedy: "it stays paused: drain it again to wait on, or cancel what runs")
      }
      try await Task.sleep(for: Self.interval)
    }
  }

  private func resumed(_ gate: LimitView) -> StrataError {
    StrataError(
      .conflict, "somebody has resumed \(gate.kind) '\(gate.name)' meanwhile",
      remedy: "drain it again where that was not meant")
  }

  private func finish(_ gate: LimitView) throws -> ExitStatus {
    Terminal.print(
      action.arguments.has("json")
        ? try JSONText.of(gate) : "\(gate.kind) \(gate.name): paused, and nothing of it runs")
    return .done
  }
}
