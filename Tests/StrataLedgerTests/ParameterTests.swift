import StrataCore
import StrataLedger
import TestSupport
import Testing

/// A batch is handed to PostgreSQL as arrays, whose making takes as many allocations however long they are, but for those by
/// which a buffer grows.
@Suite struct ParameterTests {
  @Test func arraysAreMadeWithoutAnAllocationForEachElement() {
    let jobs = (0..<1_000).map { _ in JobID() }
    let texts = jobs.map(\.description)
    let counts = [
      Allocations.count { PostgreSQLParameter.identifiers(jobs) },
      Allocations.count { PostgreSQLParameter.integers(jobs.map { Int64(bitPattern: $0.low) }) },
      Allocations.count { PostgreSQLParameter.timestamps(jobs.map { _ in Timestamp(milliseconds: 1) }) },
      Allocations.count { PostgreSQLParameter.texts(texts) },
    ]
    #expect(counts.allSatisfy { $0 > 0 && $0 <= 3 }, "\(counts)")
  }
}
