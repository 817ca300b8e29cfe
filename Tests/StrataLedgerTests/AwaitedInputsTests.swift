import StrataCore
import StrataLedger
import TestSupport
import Testing

/// Jobs that work on what others leave behind.
@Suite struct AwaitedInputsTests {
  private static func file(_ name: String, _ content: UInt8 = 1) throws -> ArtifactReference {
    let digest = try #require(ArtifactDigest(bytes: [UInt8](repeating: content, count: 32)))
    return ArtifactReference(name: name, digest: digest, sizeBytes: Int64(content))
  }

  private static func awaited(_ inputs: [JobInput], count: ClosedRange<Int> = 0...10, bytes: Int = 10_000) throws
    -> AwaitedInputs
  {
    try #require(AwaitedInputs(inputs, count: count, bytesMax: bytes))
  }

  // MARK: What is decided

  @Test func `inputs keep the order in which they were named`() throws {
    let (first, second) = (JobID(), JobID())
    let inputs: [JobInput] = [
      .result(ResultReference(job: first, result: "*")), .artifact(try Self.file("a")),
      .result(ResultReference(name: "z", job: second, result: "one")), .artifact(try Self.file("b")),
    ]
    let awaited = try Self.awaited(inputs)
    let stored = [try Self.file("a"), try Self.file("b")]
    #expect(awaited.amid(stored) == inputs && Set(awaited.sources) == [first, second])
    let resolved = try awaited.resolved(
      stored,
      [
        first: [LeftBehind(state: .succeeded, results: [try Self.file("y", 2), try Self.file("x", 3)])],
        second: [LeftBehind(state: .failed, results: [try Self.file("one", 4), try Self.file("two", 5)])],
      ])
    #expect(resolved.map(\.name) == ["y", "x", "a", "z", "b"] && resolved.map(\.sizeBytes) == [2, 3, 1, 4, 1])
    #expect(AwaitedInputs([.artifact(try Self.file("a"))], count: 0...1, bytesMax: 1) == nil)
  }

  @Test func `of an array the results of all tasks are taken`() throws {
    let array = JobID()
    let left = [
      LeftBehind(task: 3, state: .succeeded, results: [try Self.file("o", 3), try Self.file("p")]),
      LeftBehind(task: 5, state: .failed, results: []),
      LeftBehind(task: 11, state: .succeeded, results: [try Self.file("o", 11)]),
    ]
    let one = try Self.awaited([.result(ResultReference(job: array, result: "o"))])
    #expect(try one.resolved([], [array: left]).map(\.name) == ["3-o", "11-o"])
    let named = try Self.awaited([.result(ResultReference(name: "t{task}", job: array, result: "o"))])
    #expect(try named.resolved([], [array: left]).map(\.name) == ["t3", "t11"])
    // A task that has succeeded without the result is one that did not do what it should.
    let missing = try Self.awaited([.result(ResultReference(job: array, result: "p"))])
    let error = #expect(throws: AttemptError.self) { try missing.resolved([], [array: left]) }
    #expect(
      error?.code == "result_missing" && error?.message.contains("task 11") == true && error?.isRetryable == false)
    let open = try Self.awaited([.result(ResultReference(job: array, result: "p*"))])
    #expect(try open.resolved([], [array: left]).map(\.name) == ["3-p"])
    let many = (0...1_000).map { LeftBehind(task: $0, state: .succeeded, results: []) }
    let tooMany = #expect(throws: AttemptError.self) { try open.resolved([], [array: many]) }
    #expect(tooMany?.code == "invalid_input" && tooMany?.message.contains("1000") == true)
  }

  @Test func `what cannot be taken is told`() throws {
    let job = JobID()
    let left = [job: [LeftBehind(state: .succeeded, results: [try Self.file("a"), try Self.file("output")])]]
    func code(_ result: ResultReference, count: ClosedRange<Int> = 0...10, bytes: Int = 10_000) throws -> String? {
      let awaited = try Self.awaited([.artifact(try Self.file("b")), .result(result)], count: count, bytes: bytes)
      return #expect(throws: AttemptError.self) { try awaited.resolved([try Self.file("b")], left) }?.code
    }
    #expect(try code(ResultReference(job: job, result: "c")) == "result_missing")
    #expect(try code(ResultReference(job: job, result: "c*")) == "result_missing")
    #expect(try code(ResultReference(job: JobID(), result: "a")) == "result_missing")
    #expect(try code(ResultReference(job: job, result: "output")) == "invalid_input")
    #expect(try code(ResultReference(name: "b", job: job, result: "a")) == "invalid_input")
    #expect(try code(ResultReference(job: job, result: "a"), count: 0...1) == "invalid_input")
    #expect(try code(ResultReference(job: job, result: "a"), count: 3...4) == "invalid_input")
    #expect(try code(ResultReference(job: job, result: "a"), bytes: 100) == "invalid_input")
  }

  // MARK: In a real database

  private static func working(
    on source: JobID, _ result: String, of tenant: TenantID, _ policy: DependencyPolicy = .fail
  )
    throws -> JobSubmission
  {
    var submission = Sample.submission(tenant, after: [source], policy)
    submission.order.inputs = [try file("own", 9)]
    submission.awaited = try awaited([
      .result(ResultReference(job: source, result: result)), .artifact(try file("own", 9)),
    ])
    return submission
  }

  /// - Returns: the released jobs of all steps.
  private static func resolveAll(_ ledger: Ledger) async throws -> [UnfinishedJob] {
    var released: [UnfinishedJob] = []
    while let step = try await ledger.resolve() { released += step.released }
    return released
  }

  @Test(arguments: [false, true]) func `a job has the results of another, whichever came first`(isLate: Bool)
    async throws
  {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let source = Sample.submission(tenant)
    let working = try Self.working(on: source.job, "made", of: tenant)
    _ = try await bench.ledger.admit([source])
    let ending = Sample.outcome(source.job, results: [try Self.file("made", 4), try Self.file("other", 5)])
    if isLate { _ = try await bench.ledger.settle([ending]) }
    #expect(try await bench.ledger.admit([working])[0].acceptedJob?.state == .blocked)
    let before = try #require(try await bench.ledger.job(working.job, tenant: tenant))
    #expect(before.awaited == working.awaited && before.inputs.map { $0.artifact?.name } == [nil, "own"])
    if !isLate {
      let settled = try await bench.ledger.settle([ending]).consequences
      #expect(settled.released.isEmpty && settled.isIncomplete)
    }
    #expect(try await bench.ledger.verify().violations == [])
    let released = try await Self.resolveAll(bench.ledger)
    #expect(released.map(\.id) == [working.job])
    #expect(released.first?.order.inputs.map(\.name) == ["made", "own"])
    let after = try #require(try await bench.ledger.job(working.job, tenant: tenant))
    #expect(after.awaited == nil && after.order.inputs == released.first?.order.inputs && after.state == .queued)
    #expect(try await bench.ledger.unfinished(limit: 5).map(\.order) == [after.order])
    #expect(try await bench.ledger.verify().isSound)
  }

  @Test func `a job whose input is missing fails, and so does what waits for it`() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let source = Sample.submission(tenant)
    let working = try Self.working(on: source.job, "nothing", of: tenant)
    let last = Sample.submission(tenant, after: [working.job])
    _ = try await bench.ledger.admit([source, working, last])
    _ = try await bench.ledger.settle([Sample.outcome(source.job, results: [try Self.file("made", 4)])])
    #expect(try await Self.resolveAll(bench.ledger).isEmpty)
    let failed = try #require(try await bench.ledger.job(working.job, tenant: tenant))
    #expect(failed.state == .failed && failed.error?.code == "result_missing" && failed.charged == .zero)
    #expect(failed.error?.message.contains("'made'") == true && failed.awaited == working.awaited)
    #expect(try await bench.ledger.job(last.job, tenant: tenant)?.error?.code == "dependency_failed")
    #expect(try await bench.ledger.balance(of: tenant).held == .zero)
    #expect(try await bench.ledger.verify().isSound)
  }

  @Test func `what a failed job left can be worked on where that is asked for`() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let source = Sample.submission(tenant)
    let jobs = [
      try Self.working(on: source.job, "made", of: tenant), try Self.working(on: source.job, "made", of: tenant, .run),
    ]
    _ = try await bench.ledger.admit([source] + jobs)
    _ = try await bench.ledger.settle([Sample.outcome(source.job, .failed, results: [try Self.file("made", 4)])])
    #expect(try await Self.resolveAll(bench.ledger).map(\.id) == [jobs[1].job])
    #expect(try await bench.ledger.job(jobs[0].job, tenant: tenant)?.error?.code == "dependency_failed")
    #expect(try await bench.ledger.verify().isSound)
  }
}
