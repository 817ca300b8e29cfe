import Glibc
import StrataRuntime
import StrataStack
import Testing

@Suite(.timeLimit(.minutes(2))) struct SentinelTests {
  /// Beside the tests' own binary.
  private func helper() throws -> String {
    let path = String(cString: try #require(realpath("/proc/self/exe", nil)))
    return String(path[..<(try #require(path.lastIndex(of: "/")))]) + "/strata-test-parent"
  }

  private func startParent(_ folder: String) async throws -> (parent: ChildProcess, others: [Int32]) {
    var specification = ProcessSpecification(try helper(), [folder])
    specification.standardOutput = .pipe
    let parent = try await ChildProcess.spawn(specification)
    let output = try #require(parent.standardOutput)
    var line: [UInt8] = []
    while line.last != UInt8(ascii: "\n") {
      let bytes = try await output.read()
      try #require(!bytes.isEmpty, "the parent ended before it was up")
      line += bytes
    }
    let pids = String(decoding: line.dropLast(), as: UTF8.self).split(separator: " ").compactMap { Int32($0) }
    return (parent, pids)
  }

  private func isAlive(_ pid: Int32) -> Bool { ProcessStatistics.read(pid).map { !$0.isZombie } ?? false }

  @Test func nothingStaysBehindWhenTheParentIsKilled() async throws {
    try await withTemporaryFolder { folder in
      let (parent, others) = try await startParent(folder + "/data")
      // Redis, the postmaster and its processes, the stubborn two and the sentinel.
      #expect(others.filter(isAlive).count >= 8)
      parent.signal(SIGKILL)
      #expect(await parent.wait().status == .signalled(SIGKILL))
      // The folder is nobody's only when the sentinel has done its work.
      let directory = try #require(try DataDirectory.find(folder + "/data"))
      #expect(try directory.holder == nil)
      #expect(try await directory.waitUntilFree(atMost: .seconds(60)) == .free)
      #expect(others.filter { isAlive($0) && $0 != others.last } == [])
      // PostgreSQL was shut down in good order, not killed.
      let log = String(decoding: try #require(ProcFile.read(folder + "/data/log/postgres.log")), as: UTF8.self)
      #expect(log.contains("database system is shut down"))
    }
  }

  @Test func theSameFolderComesUpAgainAfterEverythingWasKilled() async throws {
    try await withTemporaryFolder { folder in
      let (first, others) = try await startParent(folder + "/data")
      // The sentinel last in the list first, so that nobody cleans up.
      for pid in others.reversed() { kill(pid, SIGKILL) }
      first.signal(SIGKILL)
      _ = await first.wait()
      let (second, _) = try await startParent(folder + "/data")
      let again = try await #require(stop(second))
      #expect(!again.contains(where: isAlive))
    }
  }

  private func stop(_ parent: ChildProcess) async throws -> [Int32]? {
    let below = ProcessTree.descendants(of: parent.pid).map(\.pid)
    parent.signal(SIGKILL)
    _ = await parent.wait()
    try await waitUntil { !below.contains(where: isAlive) }
    return below
  }

  @Test func stoppingInGoodOrderSweepsWhatIsLeftAndNobodyElse() async throws {
    let identity = StackIdentity.random()
    let sentinel = try await Sentinel.start(binary: try helper(), identity: identity)
    var specification = ProcessSpecification("sleep", ["1000"])
    let other = try await ChildProcess.spawn(specification)
    specification.environment.merge(identity.environment) { $1 }
    let marked = try await ChildProcess.spawn(specification)
    await sentinel.stop()
    await sentinel.stop()
    #expect(await marked.wait().status == .signalled(SIGTERM))
    #expect(!isAlive(sentinel.pid) && isAlive(other.pid))
    await other.tearDown(.kill)
  }

  @Test func eachProgramIsAskedInItsOwnWords() {
    #expect(SweepStage.ask.signal(for: "postgres") == SIGINT)
    #expect(SweepStage.insist.signal(for: "postgres") == SIGQUIT)
    #expect(SweepStage.ask.signal(for: "redis-server") == SIGTERM)
    #expect(SweepStage.insist.signal(for: "python3") == SIGKILL)
  }
}
