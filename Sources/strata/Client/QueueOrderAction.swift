import StrataAPI
import StrataCore

/// One use of `strata queue order`.
struct QueueOrderAction {
  static let word = "order"
  static let options: [OptionDefinition] = [
    .time(
      "keep-room-after", "how long a job waits before a worker keeps its room for it (order) [1h]", orNever: true),
    .time("keep-room-for", "how often that worker is told to ask for jobs (order) [30s]"),
    .time("class-patience", "how long a class is passed over before it has a turn (order) [never]", orNever: true),
    .time("priority-ageing", "how much waiting counts as one of priority (order) [never]", orNever: true),
    .time(
      "preempt-after", "how long a job waits before preemptible ones end for it (order) [30s]", orNever: true),
  ]

  let arguments: Arguments

  func perform() async throws -> ExitStatus {
    guard arguments.positional.count == 1 else {
      throw UsageError("'strata queue order' takes options only", command: "queue")
    }
    let (server, change) = (try Server(arguments), try change())
    let path = ["v1", "queue", "policy"]
    let policy: QueuePolicyView =
      if change == QueuePolicyView() { try await server.get("/" + path.joined(separator: "/")) } else {
        try await server.patch(path, change)
      }
    Terminal.print(arguments.has("json") ? try JSONText.of(policy) : Self.text(of: policy))
    return .done
  }

  private func change() throws(UsageError) -> QueuePolicyView {
    func milliseconds(_ name: String) throws(UsageError) -> Int64? {
      guard let text = arguments[name] else { return nil }
      let seconds = try Quantity.secondsOrNever(text, of: "--\(name)")
      // The API's word for never, which whoever wants it at once would not mean.
      guard seconds > 0 || text == Quantity.never else {
        let never = Self.options.contains { $0.name == name && $0.takesNever } ? ", or 'never'" : ""
        throw UsageError("--\(name) takes 1s or more\(never), not '\(text)'", command: "queue")
      }
      return seconds * 1_000
    }
    return QueuePolicyView(
      keepRoomAfter: try milliseconds("keep-room-after"), keepRoomFor: try milliseconds("keep-room-for"),
      classPatience: try milliseconds("class-patience"), priorityAgeing: try milliseconds("priority-ageing"),
      preemptAfter: try milliseconds("preempt-after"))
  }

  private static func text(of policy: QueuePolicyView) -> String {
    func words(_ milliseconds: Int64?) -> String {
      milliseconds.flatMap { $0 > 0 ? Duration.milliseconds($0).brief : nil } ?? "never"
    }
    return """
      a worker keeps room for a job after  \(words(policy.keepRoomAfter))
      and is asked again after             \(words(policy.keepRoomFor))
      a class that is passed over waits    \(words(policy.classPatience))
      waiting counts as one of priority    \(words(policy.priorityAgeing))
      preemptible jobs end for one after   \(words(policy.preemptAfter))
      """
  }
}

/// A rate as people write and read it.
enum RateWord {
  /// `10/s`, `100/1m`, `1000/1h`.
  ///
  /// - Returns: nil for `none`.
  static func read(_ text: String, burst: Int?, _ command: String) throws(UsageError) -> RateView? {
    if text == "none" {
      guard burst == nil else { throw UsageError("'none' has no burst", command: command) }
      return nil
    }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2, let count = Int64(parts[0]), count > 0, !parts[1].isEmpty else {
      throw UsageError(
        "a rate is a number in a time, such as 10/s, 100/1m or 1000/1h, or 'none', not '\(text)'", command: command)
    }
    let time = parts[1].first?.isNumber == true ? parts[1] : "1\(parts[1])"
    return RateView(count: count, seconds: try Quantity.seconds(time, of: "a rate"), burst: burst.map(Int64.init))
  }

  static func text(_ rate: RateView) -> String {
    let burst = rate.burst.flatMap { $0 == rate.count ? nil : " and \($0) at once" } ?? ""
    return "at most \(rate.count) in \(Duration.seconds(rate.seconds).brief)\(burst)"
  }
}
