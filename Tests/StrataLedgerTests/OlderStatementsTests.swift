import Foundation
import StrataCore
import StrataLedger
import StrataRuntime
import TestSupport
import Testing

/// While a stack is upgraded the controllers of two versions use one database, whose schema is the newer one's: each statement
/// of an older version (`Tests/Fixtures/ledger-*.sql`) still has a meaning there.
@Suite struct OlderStatementsTests {
  private struct Statement {
    let version: String
    let name: String
    let text: String
  }

  private static let mark = "--- "
  private static let here = URL(filePath: #filePath).deletingLastPathComponent()
  private static let fixtures = here.appending(path: "../Fixtures").standardized

  private static func statements() throws -> [Statement] {
    let files = try FileManager.default.contentsOfDirectory(atPath: fixtures.path).filter { $0.hasPrefix("ledger-") }
    return try files.flatMap { file in
      let text = try String(contentsOf: fixtures.appending(path: file), encoding: .utf8)
      return ("\n" + text).components(separatedBy: "\n" + mark).dropFirst().map { part in
        let name = part.prefix { $0 != "\n" }
        return Statement(version: file, name: String(name), text: String(part.dropFirst(name.count + 1)))
      }
    }
  }

  @Test func anOlderVersionsStatementsAreUnderstood() async throws {
    let statements = try Self.statements()
    #expect(statements.count > 100)
    let database = try await migrated()
    for statement in statements {
      let failure = try Self.failure(of: statement.text, in: database)
      #expect(failure == nil, "\(statement.version), \(statement.name)")
    }
  }

  /// What was two tables, `entry` and `hold`, may still be written as such: it is in the books once.
  @Test func anOlderVersionsChargeIsATransfer() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let job = Sample.submission(tenant)
    _ = try await bench.ledger.admit([job])
    let (older, before) = (try Self.statements(), try await bench.ledger.verify())
    func run(_ name: String, _ values: String) throws {
      let statement = try #require(older.first { $0.name == name && $0.version.hasSuffix("-migration16.sql") })
      _ = try bench.sql("PREPARE older AS \(statement.text); EXECUTE older (\(values))")
    }
    let (id, account) = (uuid(job.job), uuid(tenant))
    try run("insert_holds", "'{\(id)}', '{\(account)}', '{1}'")
    let (issued, revenue) = ("ffffffff-ffff-ffff-ffff-000000000001", "ffffffff-ffff-ffff-ffff-000000000002")
    try run("post_transfers", "'{\(uuid(TransactionID()))}', '{\(issued)}', '{\(account)}', '{7}', 'grant'")
    try run("move_accounts", "'{\(account),\(issued)}', '{0,7}', '{0,0}', '{7,0}'")
    let granted = try await bench.ledger.verify()
    #expect(granted.isSound && granted.entries == before.entries + 2 && granted.openHolds == before.openHolds)
    #expect(try await bench.ledger.entries(of: tenant).first?.amount == MicroCredits(micros: 7))
    let verdict = try await bench.ledger.settled([Sample.outcome(job.job)])[0]
    let charged = try #require(verdict.finishedJob).charged
    try run("close_holds", "'{\(id)}', '{0}'")
    #expect(try bench.sql("SELECT state, charged FROM hold") == "settled|\(charged.micros)")
    #expect(throws: StrataError.self) {
      try run("post_transfers", "'{\(id)}', '{\(account)}', '{\(revenue)}', '{1}', 'charge'")
    }
    #expect(try await bench.ledger.verify().isSound)
  }

  @Test func oneThatIsNotUnderstoodIsNoticed() async throws {
    let failure = try Self.failure(of: "SELECT colour FROM job WHERE id = $1::uuid", in: try await migrated())
    #expect(failure?.contains("column \"colour\" does not exist") == true)
  }

  private func migrated() async throws -> String {
    let database = try PostgreSQLFixture.shared.get().makeDatabase()
    let ledger = try Ledger(LedgerBench.configuration(database))
    try await ledger.migrate()
    await ledger.close()
    return database
  }

  private static func failure(of statement: String, in database: String) throws -> String? {
    let words = statement.split(separator: "\n").first { !$0.hasPrefix("--") } ?? ""
    do {
      // What sets a transaction up is not prepared.
      let action = words.hasPrefix("SET ") ? statement : "PREPARE tried AS \(statement)"
      try PostgreSQLFixture.shared.get().sql(action, database: database)
      return nil
    } catch {
      return "\(error)"
    }
  }

  /// Writes down this version's statements, for the versions after it. Only where STRATA_RECORD_LEDGER names the file.
  @Test(.enabled(if: Environment.current["STRATA_RECORD_LEDGER"] != nil, "no test: it makes a recording")) func record()
    throws
  {
    let name = try #require(Environment.current["STRATA_RECORD_LEDGER"])
    let folder = Self.here.appending(path: "../../Sources/StrataLedger/Queries").standardized
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".sql") }
    let parts = try files.sorted().map { file in
      let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
      return Self.mark + file.dropLast(4) + "\n" + text.trimmingCharacters(in: .newlines) + "\n"
    }
    try parts.joined().write(
      to: Self.fixtures.appending(path: "ledger-\(name).sql"), atomically: true, encoding: .utf8)
  }
}
