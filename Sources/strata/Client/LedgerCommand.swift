import StrataAPI
import StrataArtifacts
import StrataCore
import StrataLedger
import StrataRuntime
import StrataStack

extension Command {
  static let ledger = Command(
    name: "ledger", arguments: "verify | grant CREDITS", argumentsMax: 2,
    summary: "Check that the books balance, or grant credits",
    details: """
      verify  recomputes every account from its charges, grants and open holds, and checks that debits equal credits, that
              every job was charged what its end says, once, and no more than was held for it; the exit code is 1 if
              anything is off
      grant   raises what a tenant may spend; for the operator, who may read the data folder, and in that
              alone: where STRATA_URL names a server, name the folder with --data-dir. Repeated with the same --key
              it is carried out once
      """,
    options: [
      .option("tenant", "NAME", "whom to grant [default]"),
      .option("key", "KEY", "granting again with the same key changes nothing (grant)"), .dataDirectory, .json,
    ],
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
    Terminal.print(report.violations.isEmpty ? "the books balance" : report.violations.count.counted("violation"))
    return report.violations.isEmpty ? .done : .failedJob
  }

  /// Sums over all time may pass 64 bits; then they stay in millionths.
  private static func inCredits(_ micros: String) -> String {
    Int64(micros).map { "\(MicroCredits(micros: $0)) credits" } ?? "\(micros) micro-credits"
  }

  /// Works on the database itself: whoever may read the data folder is the operator.
  func grant(_ text: String) async throws -> ExitStatus {
    let amount = MicroCredits(micros: try Quantity.millionths(text, of: "CREDITS"))
    let key = arguments["key"] ?? "grant-\(JobID())"
    let ledger = try database()
    let name = arguments["tenant"] ?? "default"
    let balance: AccountBalance
    do throws(LedgerError) {
      guard let tenant = try await ledger.tenant(named: name) else { throw .notFound("tenant named '\(name)'") }
      balance = try await ledger.grant(amount, to: tenant.id, transaction: TransactionID(named: "grant:\(key)"))
    } catch {
      throw Self.explanation(of: error, key)
    }
    await ledger.close()
    guard arguments.has("json") else {
      Terminal.print("granted \(amount) credits to tenant '\(name)'; \(balance.available) are available")
      return .done
    }
    Terminal.print(
      try JSONText.of(
        GrantShape(
          tenant: name, grantedMicrocredits: amount.micros, limitMicrocredits: balance.limit.micros,
          availableMicrocredits: balance.available.micros, key: key)))
    return .done
  }

  private func database() throws(StrataError) -> Ledger {
    // Who names a server means its books, and would not notice that others were changed.
    if let url = Server.address(arguments) {
      throw StrataError(
        .invalidInput, "STRATA_URL names \(url), and credits are granted in a stack's own folder, not over HTTP",
        remedy: "run this where that stack is, and name its folder with --data-dir")
    }
    guard let directory = try DataFolder.find(arguments) else {
      throw StrataError(.unreachable, "nothing has been started there yet", remedy: "run strata up")
    }
    let named = Environment.current["STRATA_POSTGRES_URL"].flatMap { $0.isEmpty ? nil : $0 }
    guard named != nil || ServerKinds(rememberedBy: directory).postgres != .named else {
      throw StrataError(
        .invalidInput, "the stack of \(directory.path) is on a PostgreSQL that was named",
        remedy: "set STRATA_POSTGRES_URL to its address")
    }
    var configuration = PostgreSQLConfiguration(
      connectionString: named ?? EmbeddedPostgreSQL(in: directory, identity: .random()).connectionString)
    configuration.unavailableAfter = .seconds(3)
    return try Ledger(configuration)
  }

  private static func explanation(of error: LedgerError, _ key: String) -> StrataError {
    switch error {
    case .unavailable:
      StrataError(
        .unavailable, "the ledger's database cannot be reached, and nothing was granted",
        remedy: "start the stack with strata up, and try again", cause: error)
    case .disconnected:
      StrataError(
        .unavailable, "the ledger's database went away before it said whether the credits were granted",
        remedy: "repeat the command with --key \(key): then they are granted once", cause: error)
    case .duplicate:
      StrataError(
        .conflict, "the key '\(key)' belongs to a grant of another amount or to another tenant",
        remedy: "choose another key")
    default: error.strataError
    }
  }
}

/// A grant as JSON.
private struct GrantShape: Encodable {
  let tenant: String
  let grantedMicrocredits: Int64
  let limitMicrocredits: Int64
  let availableMicrocredits: Int64
  let key: String

  enum CodingKeys: String, CodingKey {
    case tenant, key
    case grantedMicrocredits = "granted_microcredits"
    case limitMicrocredits = "limit_microcredits"
    case availableMicrocredits = "available_microcredits"
  }
}

extension TransactionID {
  /// The one that stands for a name: the same name gives the same one.
  fileprivate init(named name: String) {
    let bytes = ArtifactDigest(hashing: Array(name.utf8)).bytes
    func word(_ bytes: some Sequence<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
    self.init(high: word(bytes.prefix(8)), low: word(bytes.dropFirst(8).prefix(8)))
  }
}
