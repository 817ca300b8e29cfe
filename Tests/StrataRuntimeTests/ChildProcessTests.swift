import Glibc
import StrataCore
import StrataRuntime
import Testing

@Suite(.timeLimit(.minutes(1))) struct ChildProcessTests {
  private func shell(_ script: String) -> ProcessSpecification { ProcessSpecification("/bin/sh", ["-c", script]) }

  private func output(_ specification: ProcessSpecification) async throws -> String {
    var specification = specification
    specification.standardOutput = .pipe
    let child = try await ChildProcess.spawn(specification)
    let bytes = try await #require(child.standardOutput).readToEnd(bytesMax: 1 << 20)
    #expect(await child.wait().isSuccess)
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test func exitCodesAndSignalsAreResultsNotErrors() async throws {
    #expect(try await ChildProcess.spawn(shell("exit 7")).wait().status == .exited(7))
    #expect(try await ChildProcess.spawn(shell("kill -9 $$")).wait().status == .signalled(SIGKILL))
  }

  @Test func aMissingProgramAndAMissingFolderAreNamed() async throws {
    await #expect(throws: StrataError.self) {
      try await ChildProcess.spawn(ProcessSpecification("no-such-program-here"))
    }
    var inNowhere = shell("true")
    inNowhere.workingDirectory = "/no/such/folder"
    let error = await #expect(throws: StrataError.self) { try await ChildProcess.spawn(inNowhere) }
    #expect(error?.message.contains("enter /no/such/folder") == true)
  }

  @Test func streamsLeadWhereTheyWereTold() async throws {
    var specification = ProcessSpecification("cat")
    specification.standardInput = .pipe
    specification.standardOutput = .pipe
    let child = try await ChildProcess.spawn(specification)
    let input = try #require(child.standardInput)
    // More than a pipe holds, so that both ends must wait for each other.
    let sent = [UInt8]((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
    async let received = try #require(child.standardOutput).readToEnd(bytesMax: 1 << 20)
    try await input.write(sent)
    input.close()
    #expect(try await received == sent)
    #expect(await child.wait().isSuccess)
  }

  @Test func theChildSeesOnlyWhatItWasGiven() async throws {
    var specification = shell("ls /proc/self/fd | wc -l; cat <&5; echo $WORD; pwd")
    specification.environment = ["WORD": "given", "PATH": "/usr/bin:/bin"]
    specification.workingDirectory = "/usr"
    let (read, write) = try Descriptor.pipe()
    try write.makeNonblocking()
    try await write.write(Array("passed\n".utf8))
    write.close()
    specification.extraDescriptors = [5: read]
    // 0, 1, 2, 5 and the one that `ls` reads the folder through.
    #expect(try await output(specification) == "5\npassed\ngiven\n/usr\n")
  }

  @Test func aSocketReachesTheChildAsDescriptorThree() async throws {
    let (ours, theirs) = try Descriptor.socketPair()
    try ours.makeNonblocking()
    var specification = shell("read line <&3; echo \"got $line\" >&3")
    specification.extraDescriptors = [3: theirs]
    let child = try await ChildProcess.spawn(specification)
    theirs.close()
    try await ours.write(Array("hello\n".utf8))
    #expect(String(decoding: try await ours.readToEnd(bytesMax: 100), as: UTF8.self) == "got hello\n")
    #expect(await child.wait().isSuccess)
  }

  @Test func limitsPriorityAndSessionHold() async throws {
    var specification = shell("ulimit -n; nice; cut -d' ' -f6 /proc/$$/stat; echo $$")
    specification.resourceLimits = [.openFiles(64)]
    specification.niceIncrement = 5
    specification.startsNewSession = true
    let lines = try await output(specification).split(separator: "\n")
    let nice = getpriority(__priority_which_t(0), 0)
    try #require(lines.first == "64" && lines.count == 4, "\(lines)")
    #expect(lines[1] == "\(min(19, nice + 5))")
    #expect(lines[2] == lines[3])
  }

  @Test(.enabled(if: UserIdentity.callerIsRoot)) func rootMayRunAChildAsAnotherUser() async throws {
    var specification = shell("id -un; id -G; grep Groups /proc/self/status")
    let nobody = try #require(UserIdentity.named("nobody"))
    specification.user = nobody
    let lines = try await output(specification).split(separator: "\n")
    #expect(lines[0] == "nobody")
    #expect(lines[1] == "\(nobody.group)")
    #expect(!lines[2].contains(" 0"))
  }

  @Test func aChildIgnoresNeitherSignalsNorMasksOfItsParent() async throws {
    signal(SIGPIPE, SIG_IGN)
    let text = try await output(shell("grep -E 'Sig(Blk|Ign)' /proc/self/status"))
    #expect(text == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n")
  }

  @Test func membersOfTheGroupThatOutliveTheChildAreKilled() async throws {
    var specification = shell("sleep 300 & echo started")
    specification.standardOutput = .pipe
    specification.leftovers = .kill
    let child = try await ChildProcess.spawn(specification)
    // The sleeper holds the pipe: its end is the end of the stream.
    let text = try await #require(child.standardOutput).readToEnd(bytesMax: 100)
    #expect(String(decoding: text, as: UTF8.self) == "started\n")
    #expect(await child.wait().isSuccess)
    #expect(!child.signal(SIGTERM))
    #expect(!child.signalGroup(SIGTERM))
  }

  @Test func waitingForATimeGivesUpAndWaitingForTheEndDoesNot() async throws {
    var specification = ProcessSpecification("cat")
    specification.standardInput = .pipe
    let child = try await ChildProcess.spawn(specification)
    #expect(await child.wait(atMost: .milliseconds(5)) == nil)
    child.standardInput?.close()
    #expect(await child.wait(atMost: .seconds(30))?.status == .exited(0))
    #expect(await child.wait(atMost: .zero)?.status == .exited(0))
  }

  @Test func manyChildrenAtOnceAreAllReaped() async throws {
    let codes = try await withThrowingTaskGroup(of: ProcessExit.Status.self) { group in
      for code in 0..<100 {
        let specification = shell("exit \(code)")
        group.addTask { try await ChildProcess.spawn(specification).wait().status }
      }
      return try await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(codes == Set((0..<100).map { .exited($0) }))
  }

  @Test func usageCountsTheChildAndWhatItWaitedFor() async throws {
    let burn = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"
    let exit = try await ChildProcess.spawn(shell("sh -c '\(burn)'; exit 0")).wait()
    #expect(exit.usage.processorTime > .milliseconds(10))
    #expect(exit.usage.peakResidentBytes > 100_000)
  }

  @Test func aCancelledReadEnds() async throws {
    let (read, write) = try Descriptor.pipe()
    try read.makeNonblocking()
    let task = Task { try await read.read() }
    task.cancel()
    let error = await #expect(throws: StrataError.self) { try await task.value }
    #expect(error?.code == .cancelled)
    write.close()
  }
}
