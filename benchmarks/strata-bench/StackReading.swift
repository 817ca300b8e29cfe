import Foundation
import StrataCore
import StrataRuntime

/// What a stack has used since it was started; or, of two readings, between them.
struct StackReading {
  /// What kind of work a process does.
  enum Kind: String, CaseIterable {
    case controller, worker
    /// With the programs that they start and wait for.
    case runners = "runners and programs"
    case redis = "Redis"
    case postgreSQL = "PostgreSQL"
    case supervisor
  }

  private(set) var processorMicroseconds: [Kind: Double] = [:]
  /// Commands that Redis has processed, those of scripts among them.
  private(set) var redisCommands = 0.0
  /// Calls of scripts.
  private(set) var redisScripts = 0.0
  /// Committed in the stack's database.
  private(set) var transactions = 0.0

  /// Sessions of PostgreSQL tell what they have done once a second at most, and some seconds later where they are idle.
  private static let statisticsDelay = Duration.seconds(11)

  /// What a stack uses while `body` runs.
  static func during<Answer>(
    _ stack: BenchmarkStack, _ body: () async throws -> Answer
  ) async throws -> (used: StackReading, answer: Answer) {
    let before = try await StackReading(of: stack)
    let answer = try await body()
    var after = try await StackReading(of: stack)
    try await Task.sleep(for: statisticsDelay)
    after.transactions = try await transactions(stack)
    return (after.since(before), answer)
  }

  private init(of stack: BenchmarkStack) async throws {
    readProcesses(below: stack.process)
    (redisCommands, redisScripts) = try await Self.commands(stack.redisSocket)
    transactions = try await Self.transactions(stack)
  }

  private static func transactions(_ stack: BenchmarkStack) async throws -> Double {
    let statement = "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
    let answer = try await Program.output("psql", ["-X", "-A", "-t", "-d", stack.database, "-c", statement])
    guard let count = Double(answer) else { throw StrataError(.internalError, "psql answered '\(answer)'") }
    return count
  }

  private init() {}

  private mutating func readProcesses(below supervisor: Int32) {
    let everyone = ProcessTree.everyone()
    let members = ProcessTree.descendants(of: supervisor, among: everyone).map(\.statistics)
    let kinds = Dictionary(uniqueKeysWithValues: members.map { ($0.pid, Self.kind(of: $0)) })
    for process in members + everyone.filter({ $0.pid == supervisor }) {
      let kind = kinds[process.pid] ?? .supervisor
      processorMicroseconds[kind, default: 0] += Self.microseconds(process.ownTicks)
      // Of a process that has ended its parent keeps the account, with that of those it had waited for.
      let heir: Kind? =
        switch kind {
        // A runner is followed by another after some jobs.
        case .worker, .runners: .runners
        case .postgreSQL: .postgreSQL
        default: nil
        }
      if let heir { processorMicroseconds[heir, default: 0] += Self.microseconds(process.reapedTicks) }
    }
  }

  private static func microseconds(_ ticks: Int) -> Double { Double(ticks) * 1e6 / Double(sysconf(Int32(_SC_CLK_TCK))) }

  private static func kind(of process: ProcessStatistics) -> Kind {
    switch process.name {
    case "redis-server": return .redis
    case "postgres": return .postgreSQL
    default: break
    }
    let line = FileManager.default.contents(atPath: "/proc/\(process.pid)/cmdline") ?? Data()
    let words = line.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    guard words.count > 1, words[0].hasSuffix("strata") else { return .runners }
    switch words[1] {
    case "controller": return .controller
    case "worker": return .worker
    case "runner": return .runners
    default: return .supervisor
    }
  }

  private static func commands(_ socket: String) async throws -> (all: Double, scripts: Double) {
    let text = try await Program.output("redis-cli", ["-s", socket, "INFO", "everything"])
    let lines = text.split(whereSeparator: \.isNewline)
    func number(after start: String) -> Double {
      let line = lines.first { $0.hasPrefix(start) }
      return line.flatMap { Double($0.dropFirst(start.count).prefix { $0.isNumber }) } ?? 0
    }
    return (number(after: "total_commands_processed:"), number(after: "cmdstat_fcall:calls="))
  }

  /// What was used since an earlier reading.
  private func since(_ earlier: StackReading) -> StackReading {
    var difference = StackReading()
    for kind in Kind.allCases {
      difference.processorMicroseconds[kind] =
        (processorMicroseconds[kind] ?? 0) - (earlier.processorMicroseconds[kind] ?? 0)
    }
    difference.redisCommands = redisCommands - earlier.redisCommands
    difference.redisScripts = redisScripts - earlier.redisScripts
    difference.transactions = transactions - earlier.transactions
    return difference
  }
}
