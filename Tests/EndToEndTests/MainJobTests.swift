import Foundation
import StrataAPI
import StrataClient
import StrataCore
import StrataRuntime
import TestSupport
import Testing

/// The main job and its neighbours, from the outside: only the binary and the HTTP API.
@Suite(.serialized) struct MainJobTests {
  @Test func aScanIsClassifiedChargedAndItsResultsFetched() async throws {
    let stack = try await StackUnderTest()
    let scan = stack.folder + "/scan.las"
    #expect(try await strata(["simulate-scan", "--points", "30000", scan], on: stack).code == 0)
    let out = stack.folder + "/results"
    let run = try await strata(["submit", "gis-lidar-process", scan, "--out", out, "--wait"], on: stack)
    #expect(run.code == 0, "\(run.printed)")
    #expect(run.printed.contains("charge   2.006 credits"))
    let names = try FileManager.default.contentsOfDirectory(atPath: out).sorted()
    #expect(names == ["hillshade.png", "scan-classified.las", "summary.json", "terrain.tif"])
    let account = try await stack.account()
    #expect(account.postedMicrocredits == 2_006_000 && account.heldMicrocredits == 0)
    await stack.stop()
  }

  /// A scan this small is one tile: one part has it, and the others have nothing to do.
  @Test func aJobThatIsSplitLeavesWhatOneDoes() async throws {
    let stack = try await StackUnderTest()
    let scan = stack.folder + "/scan.las"
    #expect(try await strata(["simulate-scan", "--points", "30000", scan], on: stack).code == 0)
    func submit(_ words: [String]) async throws -> CommandResult {
      try await strata(
        ["submit", "pointcloud.raster", scan, "--param", "products=[\"dsm\",\"chm\"]"] + words, on: stack)
    }
    let (one, split) = (stack.folder + "/one", stack.folder + "/split")
    #expect(try await submit(["--out", one, "--wait"]).code == 0)
    let words = ["--split", "3", "--idempotency-key", "k", "--out", split, "--wait"]
    let run = try await submit(words)
    #expect(run.code == 0 && run.printed.contains("of 3 parts accepted"), "\(run)")
    for name in ["dsm.tif", "chm.tif", "chm.png"] {
      let files = [one, split].map { FileManager.default.contents(atPath: "\($0)/\(name)") }
      #expect(files[0] != nil && files[0] == files[1], "\(name)")
    }
    // Each part is a job, and so is what puts them together; a repeat is none of these. Points are paid for once.
    #expect(try await stack.account().postedMicrocredits == 5_012_000)
    #expect(try await submit(words).code == 0)
    #expect(try await stack.account().postedMicrocredits == 5_012_000)
    let quiet = try await submit(["--split", "3", "--idempotency-key", "k", "--json"])
    let accepted = try JSONDecoder().decode([String: JSONValue].self, from: Data(quiet.output.utf8))
    let array = try #require(accepted["array"]?.stringValue)
    #expect(accepted["id"]?.stringValue != array && accepted["tasks"] == nil, "\(quiet)")
    #expect(try await strata(["array", "show", array], on: stack).code == 0)
    for words in [
      ["--split", "1"], ["--split", "2", "--array", "1-2"], ["--split", "257"],
      ["--split", "2", "--param", "part=1/2"],
    ] {
      #expect(try await submit(words).code == 2, "\(words)")
    }
    #expect(try await strata(["submit", "noop", "--split", "2"], on: stack).code == 2)
    await stack.stop()
  }

  /// Whoever has less held than there is to be done is charged nothing and gets nothing.
  @Test func whatIsHeldForTooFewPointsFails() async throws {
    let stack = try await StackUnderTest()
    let scan = stack.folder + "/scan.las"
    #expect(try await strata(["simulate-scan", "--points", "3000", scan], on: stack).code == 0)
    let text = stack.folder + "/text"
    let converted = try await strata(
      ["local", "pointcloud.convert", scan, "--param", "format=xyz", "--out", text], on: stack)
    #expect(converted.code == 0, "\(converted.printed)")
    let name = try #require(
      try FileManager.default.contentsOfDirectory(atPath: text).first { $0.hasSuffix(".xyz") })
    // Of text it is not known before.
    for input in [scan, "\(text)/\(name)"] {
      let short = try await strata(
        ["submit", "pointcloud.thin", input, "--units-max", "2999", "--wait", "--json"], on: stack)
      #expect(short.code == 1 && short.output.contains("units_exceeded"), "\(short)")
      let job = try JSONDecoder().decode(JobView.self, from: Data(short.output.utf8))
      #expect(job.results.isEmpty && job.chargedMicrocredits == 0)
      let enough = try await strata(
        ["submit", "pointcloud.thin", input, "--units-max", "3000", "--wait", "--json"], on: stack)
      let done = try JSONDecoder().decode(JobView.self, from: Data(enough.output.utf8))
      #expect(enough.code == 0 && done.chargedMicrocredits == 1_000_300 && done.unitsMax == 3_000, "\(enough)")
      #expect(done.attempts.last?.usage?.units == 3_000)
    }
    await stack.stop()
  }

  @Test func commandsReportTheirStatusLogAndFiles() async throws {
    let stack = try await StackUnderTest()
    let good = try await strata(["run", "--", "sh", "-c", "echo seen"], on: stack)
    #expect(good.code == 0 && good.printed.contains("seen"))
    let bad = try await strata(["run", "--", "sh", "-c", "exit 7"], on: stack)
    #expect(bad.code == 1 && bad.printed.contains("exit status 7"))
    let unknown = try await strata(["submit", "pointcloud.grund", "--wait"], on: stack)
    #expect(unknown.code == 2 && unknown.printed.contains("pointcloud.ground"))
    let dear = try await strata(["submit", "noop", "--max-credits", "0.00001"], on: stack)
    #expect(dear.code == 3 && dear.printed.contains("max_credits"))
    let huge = try await strata(["run", "--memory", "900T", "--", "true"], on: stack)
    #expect(huge.code == 3 && huge.printed.contains("largest worker"))
    let second = try await strata(["up"], on: stack)
    #expect(second.code == 3 && second.printed.contains("already runs"))
    await stack.stop()
  }

  @Test func aRunningJobIsCancelledAndNotCharged() async throws {
    let stack = try await StackUnderTest()
    let job = try await stack.submit(FaultTests.gated(stack.folder + "/never"))
    try await waitUntil("the job runs") { try await stack.job(job).state == .running }
    let cancelled = try await strata(["job", "cancel", job.description], on: stack)
    #expect(cancelled.code == 0, "\(cancelled.printed)")
    #expect(try await stack.finished(job).state == .cancelled)
    let account = try await stack.account()
    #expect(account.postedMicrocredits == 0 && account.heldMicrocredits == 0)
    await stack.stop()
  }

  @Test func anIdempotencyKeyFindsTheSameJob() async throws {
    let stack = try await StackUnderTest()
    let first = try await stack.submit(FaultTests.noop, key: "once")
    let second = try await stack.submit(FaultTests.noop, key: "once")
    #expect(first == second)
    await #expect(throws: ClientError.self) {
      try await stack.submit(JobRequest(capability: "noop", priority: 99), key: "once")
    }
    try await stack.expectSettledOnce([first], price: FaultTests.noopPrice)
    await stack.stop()
  }

  @Test func tenThousandJobsThroughTheAPIAllSettle() async throws {
    let stack = try await StackUnderTest()
    let jobs = try await withThrowingTaskGroup(of: [JobID].self) { group in
      for _ in 0..<50 {
        group.addTask {
          var mine: [JobID] = []
          for _ in 0..<200 { mine.append(try await stack.submit(FaultTests.noop)) }
          return mine
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    #expect(Set(jobs).count == 10_000)
    try await waitUntil("all are settled", within: .seconds(240)) {
      try await stack.account().heldMicrocredits == 0
    }
    let account = try await stack.account()
    #expect(account.postedMicrocredits == 10_000 * FaultTests.noopPrice)
    try await stack.expectSettledOnce(Array(jobs.prefix(1)), total: 10_000 * FaultTests.noopPrice)
    await stack.stop()
  }

  @Test func eventsTellAJobsLifeAndEndWithIt() async throws {
    let stack = try await StackUnderTest()
    let gate = stack.folder + "/gate"
    let job = try await stack.submit(FaultTests.gated(gate))
    var request = ClientRequest("GET", ["v1", "jobs", job.description, "events"])
    request.timeout = .seconds(60)
    let seen = EventLog()
    try await stack.client.events(request) { event in
      seen.append(event.name)
      if event.name == "started" || event.name == "running" {
        _ = FileManager.default.createFile(atPath: gate, contents: nil)
      }
      return true
    }
    #expect(seen.names.first == "queued" || seen.names.first == "running")
    #expect(seen.names.last == "succeeded")
    await stack.stop()
  }
}

/// Names of events, from whatever thread they come.
final class EventLog: @unchecked Sendable {
  private let lock = NSLock()
  private var list: [String] = []

  var names: [String] { lock.withLock { list } }
  func append(_ name: String) { lock.withLock { list.append(name) } }
}
