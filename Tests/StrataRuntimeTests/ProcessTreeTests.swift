import Glibc
import StrataCore
import StrataRuntime
import Testing

@Suite struct TreeAccountTests {
  private func process(
    _ pid: Int32, parent: Int32, session: Int32 = 1, ticks: Int = 0, reapedTicks: Int = 0, pages: Int = 0,
    start: Int = 0
  ) -> ProcessStatistics {
    let fields = "\(pid) (a) b (c) S \(parent) \(pid) \(session) 0 -1 0 0 0 0 0 \(ticks) 0 \(reapedTicks) 0 20 0 1 0 "
    return ProcessStatistics(pid: pid, line: Array("\(fields)\(start) 0 \(pages) 0\n".utf8))!
  }

  @Test func aNameMayHoldSpacesAndParentheses() {
    let read = process(7, parent: 3, session: 5, ticks: 11, reapedTicks: 13, pages: 2, start: 17)
    #expect(read.name == "a) b (c" && read.parent == 3 && read.session == 5)
    #expect(read.ownTicks == 11 && read.reapedTicks == 13 && read.startTicks == 17)
    #expect(read.residentBytes == 2 * sysconf(Int32(_SC_PAGESIZE)))
    #expect(ProcessStatistics(pid: 1, line: Array("1 (x) S 0".utf8)) == nil)
    #expect(ProcessStatistics(pid: 1, line: Array(")(".utf8)) == nil)
  }

  @Test func descendantsAreFoundThroughParentsAndTheSession() {
    let everyone = [
      process(10, parent: 1), process(11, parent: 10), process(12, parent: 11), process(13, parent: 1, session: 10),
      process(14, parent: 13), process(20, parent: 1), process(21, parent: 20),
    ]
    #expect(Set(ProcessTree.descendants(of: 10, among: everyone).map(\.pid)) == [11, 12, 13, 14])
  }

  @Test func aCycleInATornPictureEnds() {
    let everyone = [process(11, parent: 12), process(12, parent: 11), process(11, parent: 10)]
    #expect(Set(ProcessTree.descendants(of: 10, among: everyone).map(\.pid)) == [11, 12])
  }

  @Test func aMemberOnceSeenStaysOneUnlessItsNumberIsGivenAway() {
    var account = TreeAccount(root: 10)
    account.absorb([process(10, parent: 1), process(11, parent: 10, session: 11, ticks: 5, pages: 4, start: 9)])
    // Its parent has ended: it hangs below process 1, and has a child of its own.
    let later = account.absorb([process(11, parent: 1, session: 11, ticks: 9, start: 9), process(12, parent: 11)])
    #expect(Set(later.map(\.pid)) == [11, 12])
    let impostor = account.absorb([process(11, parent: 1, session: 11, ticks: 900, start: 30)])
    #expect(impostor.isEmpty)
  }

  @Test func timeIsTheLargerOfWhatWasSeenAndWhatTheKernelSummed() {
    var account = TreeAccount(root: 10)
    account.absorb([process(10, parent: 1, ticks: 50, pages: 3), process(11, parent: 10, ticks: 50, pages: 5)])
    account.absorb([process(10, parent: 1, ticks: 50, pages: 4)])
    let own = ResourceUsage(
      userProcessorTime: .milliseconds(600), systemProcessorTime: .zero, peakResidentBytes: 1_000_000)
    let page = sysconf(Int32(_SC_PAGESIZE))
    #expect(account.total(root: own, trustedPeakMin: 2_000_000) == (.seconds(1), 8 * page))
    account.add(reaped: own)
    #expect(account.total(root: own, trustedPeakMin: 500_000) == (.milliseconds(1_200), 1_000_000))
  }
}

@Suite(.serialized, .timeLimit(.minutes(1))) struct ProcessTreeTests {
  private func shell(_ script: String) -> ProcessSpecification {
    var specification = ProcessSpecification("/bin/sh", ["-c", script])
    specification.startsNewSession = true
    return specification
  }
  private let burn = "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done"

  /// Starts `script`, which must print a line when it is set up.
  private func start(_ script: String) async throws -> ChildProcess {
    var specification = shell(script)
    specification.standardOutput = .pipe
    let child = try await ChildProcess.spawn(specification)
    _ = try await #require(child.standardOutput).read()
    return child
  }

  @Test func theLadderEndsOneThatListensAndOneThatDoesNot() async throws {
    let polite = try await start("trap 'exit 9' TERM; echo up; while :; do sleep 0.01; done")
    #expect(await polite.tearDown(.terminate(patience: .seconds(20))).status == .exited(9))
    #expect(await polite.tearDown(.kill).status == .exited(9))

    let stubborn = try await start("trap '' TERM; setsid sleep 1000 & echo up; wait; sleep 1000")
    let below = ProcessTree.descendants(of: stubborn.pid)
    #expect(await stubborn.tearDown(.terminate(patience: .milliseconds(20))).status == .signalled(SIGKILL))
    for member in below { await member.waitForEnd(atMost: .seconds(20)) }
    #expect(below.allSatisfy { ProcessStatistics.read($0.pid)?.isZombie ?? true })
  }

  @Test func aWholeTreeIsKilledHoweverFastItForks() async throws {
    let child = try await start(
      "f() { sleep 1000 & setsid sleep 1000 & }; f; f; echo up; while :; do f; sleep 0.01; done")
    #expect(ProcessTree.descendants(of: child.pid).count >= 4)
    child.signal(SIGSTOP)
    #expect(await ProcessTree.killAll(below: child.pid))
    await child.tearDown(.kill)
  }

  @Test func orphansThatBurnTimeAreMetered() async throws {
    try Subreaper.enable()
    // The middle one ends at once: its child is an orphan.
    var specification = shell("sh -c 'sh -c \"$ORPHAN\" & exit' & wait; cat <&3 > /dev/null")
    specification.environment["ORPHAN"] = "\(burn); echo done >&3"
    let (ours, theirs) = try Descriptor.socketPair()
    try ours.makeNonblocking()
    specification.extraDescriptors = [3: theirs]
    let child = try await ChildProcess.spawn(specification)
    let meter = ProcessTreeMeter(child, interval: .milliseconds(10))
    #expect(String(decoding: try await ours.read(), as: UTF8.self) == "done\n")
    theirs.close()
    ours.close()
    let usage = await meter.finish()
    let own = try #require(child.exit).usage.processorTime
    #expect(.microseconds(usage.processorMicroseconds) > own + .milliseconds(20))
    #expect(await meter.finish() == usage)
  }

  @Test func memoryAboveTheLimitIsReported() async throws {
    let (stream, continuation) = AsyncStream.makeStream(of: Int.self)
    // A shell holding 30 MB in one variable.
    let child = try await ChildProcess.spawn(
      shell("x=$(head -c 30000000 /dev/zero | tr '\\0' a); while :; do sleep 0.05; done"))
    let meter = ProcessTreeMeter(child, interval: .milliseconds(5), memoryBytesMax: 20_000_000) {
      continuation.yield($0)
    }
    let seen = try #require(await stream.first { _ in true })
    #expect(seen > 20_000_000)
    await child.tearDown(.kill)
    let usage = await meter.finish()
    #expect(usage.peakResidentBytes >= seen)
    #expect(usage.wallMicroseconds > 0)
  }

  @Test func anOrphanThatHidIsFoundByItsMark() async throws {
    try Subreaper.enable()
    let mark = "STRATA_TEST_MARK=\(UInt64.random(in: 0 ... .max))"
    // The middle one has ended, and the sleeper has a session of its own, before the metering begins.
    var specification = shell("sh -c 'setsid sh -c \"echo \\$\\$; exec sleep 1000\" & exit' & wait; read line")
    specification.environment["STRATA_TEST_MARK"] = String(mark.split(separator: "=")[1])
    specification.standardInput = .pipe
    specification.standardOutput = .pipe
    let child = try await ChildProcess.spawn(specification)
    let line = try await #require(child.standardOutput).read()
    let sleeper = try #require(Int32(String(decoding: line.dropLast(), as: UTF8.self)))
    while try #require(ProcessStatistics.read(sleeper)).parent != getpid() { await Task.yield() }
    let visible = ProcessTree.descendants(of: child.pid).filter { !$0.statistics.isZombie }
    #expect(visible.isEmpty)
    let meter = ProcessTreeMeter(child, interval: .milliseconds(5), mark: mark)
    child.standardInput?.close()
    _ = await meter.finish()
    #expect(ProcessStatistics.read(sleeper)?.isZombie ?? true)
  }

  @Test func whatOutlivesTheRootIsKilledByTheEndOfMetering() async throws {
    var specification = shell("setsid sleep 1000 & echo up; read line; exit 5")
    specification.standardInput = .pipe
    specification.standardOutput = .pipe
    let child = try await ChildProcess.spawn(specification)
    _ = try await #require(child.standardOutput).read()
    let below = ProcessTree.descendants(of: child.pid)
    let meter = ProcessTreeMeter(child, interval: .milliseconds(5))
    #expect(below.count == 1)
    child.standardInput?.close()
    _ = await meter.finish()
    #expect(child.exit?.status == .exited(5))
    #expect(below.allSatisfy { ProcessStatistics.read($0.pid)?.isZombie ?? true })
  }
}
