import StrataCore
import StrataLedger
import TestSupport
import Testing

/// Which folder of artifacts a database belongs with, and what a person is told when it cannot be asked.
@Suite struct ArtifactHomeTests {
  @Test func theFirstStoreIsKept() async throws {
    let fixture = try PostgreSQLFixture.shared.get()
    let ledger = try Ledger(LedgerBench.configuration(try fixture.makeDatabase()))
    #expect(try await ledger.artifactStore() == nil, "a database without tables has none")
    try await ledger.migrate()
    #expect(try await ledger.artifactStore() == nil)
    let claims = try await withThrowingTaskGroup(of: String.self) { group in
      for name in ["a", "b", "c", "d"] { group.addTask { try await ledger.claimArtifactStore(name) } }
      return try await group.reduce(into: Set()) { $0.insert($1) }
    }
    let kept = try #require(try await ledger.artifactStore())
    #expect(claims == [kept])
    #expect(try await ledger.claimArtifactStore("e") == kept)
    await ledger.close()
  }

  /// Whoever only read, or was never heard, has nothing to repeat under a key.
  @Test func onlyAChangeThatNobodyKnowsOfIsRepeatedUnderItsKey() {
    for error in [LedgerError.unavailable("away"), .closed, .exhausted("full")] {
      #expect(error.strataError.description.contains("nothing was done"))
      #expect(!error.strataError.description.contains("Idempotency-Key"))
    }
    #expect(LedgerError.disconnected("broken").strataError.description.contains("Idempotency-Key"))
  }
}
