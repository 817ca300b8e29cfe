import StrataAPI
import StrataCore
import StrataLedger
import StrataRuntime
import StrataStack

extension Command {
  static let ledger = Command(
    name: "ledger", arguments: "verify | grant CREDITS", argumentsMax: 2,
    summary: "Check that the books balance, or grant credits",
    details: """
      verify  recomputes every account from its entries and open holds, and checks that debits equal credits, that no
              finished job has an open hold, that no unfinished job lacks one, and that no charge exceeds its hold; the
              exit code is 1 if anything is off
      grant   raises what a tenant may spend; for the operator, who may read the data folder
      """,
    options: [.option("tenant", "NAME", "whom to grant [default]"), .dataDirectory, .json],
    run: { arguments in
      switch (arguments.positional.first, arguments.positional.count) {
      case ("verify", 1): try await LedgerAction(arguments: arguments).verify()
      case ("grant", 2): try await LedgerAction(arguments: arguments).grant(arguments.positional[1])
      default: throw UsageError("expected 'verify' or 'grant CREDITS'", command: "ledger")
      }
    })
}

/// The actions of `strata ledger`.
struct LedgerAction {
  let arguments: Arguments

  func verify() async throws -> ExitStatus {
    let report: LedgerView = try await Server(arguments).get("/v1/ledger/verification")
    if arguments.has("json") {
      Terminal.print(try JSONText.of(report))
      return report.violations.isEmpty ? .done : .failedJob
    }
    Terminal.print(
      """
      debits    \(Self.inCredits(report.debitMicrocredits))
      credits   \(Self.inCredits(report.creditMicrocredits))
      entries   \(report.entries) of \(report.jobs) jobs
      holds     \(report.openHolds) open
      """)
    for violation in report.violations { Terminal.print("VIOLATION \(violation)") }
    Terminal.print(report.violations.isEmpty ? "the books balance" : "\(report.violations.count) violations")
    return report.violations.isEmpty ? .done : .failedJob
  }

  /// Sums over all time may pass 64 bits; then they stay in millionths.
  private static func inCredits(_ micros: String) -> String {
    Int64(micros).map { "\(MicroCredits(micros: $0)) credits" } ?? "\(micros) micro-credits"
  }

  /// Works on the database itself: whoever may read the data folder is the operator.
  func grant(_ text: String) async throws -> ExitStatus {
    let amount = MicroCredits(micros: try Quantity.millionths(text, of: "CREDITS"))
    guard let directory = try DataFolder.find(arguments) else {
      throw StrataError(.unreachable, "nothing has been started there yet", remedy: "run strata up")
    }
    let own = EmbeddedPostgreSQL(in: directory, identity: .random()).connectionString
    var configuration = PostgreSQLConfiguration(
      connectionString: Environment.current["STRATA_POSTGRES_URL"] ?? own)
    configuration.unavailableAfter = .seconds(3)
    let ledger = try Ledger(configuration)
    let name = arguments["tenant"] ?? "default"
    let balance = try await LedgerAction.explaining { () async throws(LedgerError) in
      guard let tenant = try await ledger.tenant(named: name) else { throw .notFound("tenant '\(name)'") }
      return try await ledger.grant(amount, to: tenant.id)
    }
    await ledger.close()
    Terminal.print("granted \(amount) credits to \(name); \(balance.available) are available")
    return .done
  }

  private static func explaining<Value>(_ body: () async throws(LedgerError) -> Value) async throws(StrataError)
    -> Value
  {
    do { return try await body() } catch { throw error.strataError }
  }
}
