import FoundationEssentials
import Glibc
import StrataArtifacts
import StrataCore
import StrataQueue
import StrataRuntime
import StrataWorker
import TestSupport
import Testing

/// A worker on the real queue and the real store.
@Suite(.timeLimit(.minutes(2))) struct RedisWorkerTests {
  private let folder = FileManager.default.temporaryDirectory.path + "/strata-redis-worker-\(JobID())"

  private func connect(to server: RedisFixture) async throws -> RedisQueue {
    try await RedisQueue.connect(to: RedisEndpoint(url: server.url), on: EventLoop(label: "redis-worker"))
  }

  private func text(of artifact: ArtifactReference?, in store: ArtifactStore) throws -> String {
    let digest = try #require(artifact).digest
    return String(decoding: try #require(FileManager.default.contents(atPath: store.path(of: digest))), as: UTF8.self)
  }

  @Test func filesGoInAndOut() async throws {
    let server = try RedisFixture()
    let queue = try await connect(to: server)
    let store = try ArtifactStore(root: folder)
    let input = try store.put(Array("hello".utf8))
    let fixture = try await WorkerFixture(slots: 2, on: queue, store: store)
    let reference = ArtifactReference(name: "in.txt", digest: input.digest, sizeBytes: 5)
    let job = try await fixture.shell("cat in.txt; tr a-z A-Z <in.txt >output/out.txt", inputs: [reference])
    let (outcome, report) = try await fixture.outcome()
    #expect(outcome.job == job && outcome.ending == .succeeded && outcome.isFinal)
    #expect(report.results.map(\.name) == ["out.txt"])
    #expect(try text(of: report.results.first, in: store) == "HELLO")
    #expect(try text(of: report.log, in: store) == "hello")
    try await fixture.stop()
    #expect(try await queue.expire(limit: 10) == 0)
    #expect(try await queue.census().workers == [], "it has taken its leave")
    #expect(try await queue.census().tiers.values.allSatisfy { $0.leased == 0 && $0.ready == 0 })
    await queue.close()
    server.stop()
    try FileTree.remove(folder)
  }

  /// The attempt ends while the server is dead.
  @Test func anOutcomeSurvivesTheServersDeath() async throws {
    let server = try RedisFixture()
    let queue = try await connect(to: server)
    try FileTree.make(folder)
    let store = try ArtifactStore(root: folder + "/store")
    let (lines, line) = AsyncStream.makeStream(of: String.self)
    let fixture = try await WorkerFixture(on: queue, store: store, lines: line) {
      $0.leaseDuration = .seconds(60)
    }
    let gate = folder + "/gate"
    #expect(mkfifo(gate, 0o600) == 0)
    let job = try await fixture.shell("echo up; cat \(gate); echo kept >output/f")
    _ = try await fixture.line(of: job, beginning: "up")
    server.kill()
    // Opens once the command has opened the other end, and ends its `cat`.
    try Descriptor.open(gate, O_WRONLY).close()
    _ = await lines.first { $0.contains("did not take 1 outcomes") }
    try server.start()
    let observer = try await connect(to: server)
    let (outcome, report) = try await fixture.outcome(on: observer)
    #expect(outcome.job == job && outcome.ending == .succeeded && outcome.isFinal && outcome.attempt == 1)
    #expect(try text(of: report.results.first, in: store) == "kept\n")
    try await fixture.stop()
    let later = try await observer.outcomes(after: outcome.position, limit: 9, waitingUpTo: .zero)
    #expect(later.isEmpty)
    await queue.close()
    await observer.close()
    server.stop()
    try FileTree.remove(folder)
  }

  @Test func aFullStoreIsTriedAgainAndLeavesNothing() async throws {
    try FileTree.make(folder)
    guard try await run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder) else {
      print("SKIPPED: aFullStoreIsTriedAgainAndLeavesNothing needs to mount a small file system, as root can")
      return try FileTree.remove(folder)
    }
    let outcome: Result<Void, any Error>
    do { outcome = .success(try await fillTheStore()) } catch { outcome = .failure(error) }
    #expect(try await run("umount", "--lazy", folder))
    try FileTree.remove(folder)
    try outcome.get()
  }

  private func fillTheStore() async throws {
    let server = try RedisFixture()
    let queue = try await connect(to: server)
    let store = try ArtifactStore(root: folder + "/store")
    let fixture = try await WorkerFixture(on: queue, store: store) { $0.storingPatience = .milliseconds(100) }
    _ = try await fixture.shell("head -c 3000000 /dev/zero >output/big", attemptsMax: 2)
    let (first, report) = try await fixture.outcome()
    #expect(first.ending == .failed && !first.isFinal && report.error?.code == "disk_full")
    let (second, again) = try await fixture.outcome(after: first.position)
    #expect(second.isFinal && second.attempt == 2 && again.error?.code == "disk_full")
    _ = try await fixture.shell("head -c 600000 /dev/zero >output/small")
    let (third, small) = try await fixture.outcome(after: second.position)
    #expect(third.ending == .succeeded && small.results.map(\.sizeBytes) == [600_000])
    try await fixture.stop()
    await queue.close()
    server.stop()
  }

  private func run(_ program: String, _ arguments: String...) async throws -> Bool {
    try await ChildProcess.spawn(ProcessSpecification(program, arguments)).wait().isSuccess
  }
}
