import Foundation
import StrataCore
import StrataRuntime
import Synchronization
import Testing

/// Records its starts and stops in a shared list.
private final class Recorded: Service {
  let name: String
  private let shared: Recorder
  private let fails: Bool

  final class Recorder: Sendable {
    private let events = Mutex<[String]>([])
    func append(_ event: String) { events.withLock { $0.append(event) } }
    var all: [String] { events.withLock { $0 } }
  }

  init(_ name: String, _ shared: Recorder, fails: Bool = false) {
    self.name = name
    self.shared = shared
    self.fails = fails
  }

  func start() async throws(StrataError) {
    shared.append("start \(name)")
    if fails { throw StrataError(.unavailable, "\(name) will not start") }
  }

  func stop() async { shared.append("stop \(name)") }
}

@Suite(.timeLimit(.minutes(1))) struct ServiceTreeTests {
  @Test func servicesStartInOrderAndStopInReverseOnce() async throws {
    let recorder = Recorded.Recorder()
    let tree = ServiceTree([Recorded("a", recorder), Recorded("b", recorder)])
    try await tree.start()
    await tree.stop()
    await tree.stop()
    #expect(recorder.all == ["start a", "start b", "stop b", "stop a"])
  }

  @Test func aStopThatComesBeforeTheStartIsNotForgotten() async throws {
    let recorder = Recorded.Recorder()
    let tree = ServiceTree([Recorded("a", recorder)])
    await tree.stop()
    let error = await #expect(throws: StrataError.self) { try await tree.start() }
    #expect(error?.code == .cancelled && recorder.all == [])
  }

  @Test func aServiceThatWillNotStartTakesThoseBeforeItDown() async throws {
    let recorder = Recorded.Recorder()
    let tree = ServiceTree([Recorded("a", recorder), Recorded("b", recorder, fails: true), Recorded("c", recorder)])
    await #expect(throws: StrataError.self) { try await tree.start() }
    #expect(recorder.all == ["start a", "start b", "stop b", "stop a"])
  }
}

@Suite struct RestartPolicyTests {
  private let policy = RestartPolicy(
    firstDelay: .seconds(1), delayMax: .seconds(5), failuresMax: 4, healthyAfter: .seconds(60))

  @Test func theWaitDoublesUpToItsLimitAndThenItIsGivenUp() {
    var failures = 0
    let decisions = (0..<5).map { _ in policy.decide(failures: &failures, uptime: .zero) }
    #expect(
      decisions == [
        .restart(after: .seconds(1)), .restart(after: .seconds(2)), .restart(after: .seconds(4)),
        .restart(after: .seconds(5)), .giveUp,
      ])
  }

  @Test func aHealthyRunForgivesWhatWasBefore() {
    var failures = 4
    #expect(policy.decide(failures: &failures, uptime: .seconds(61)) == .restart(after: .seconds(1)))
    var none = 0
    #expect(RestartPolicy.never.decide(failures: &none, uptime: .seconds(1_000)) == .giveUp)
  }
}

@Suite(.timeLimit(.minutes(1))) struct ProcessServiceTests {
  private let quick = RestartPolicy(
    firstDelay: .milliseconds(1), delayMax: .milliseconds(2), failuresMax: 2, healthyAfter: .seconds(60))

  private func definition(_ script: String) -> ProcessService.Definition {
    var definition = ProcessService.Definition(name: "test") { () throws(StrataError) in
      ProcessSpecification("/bin/sh", ["-c", script])
    } isReady: { _ in
      true
    }
    definition.restart = quick
    definition.teardown = .terminate(patience: .seconds(20))
    return definition
  }

  @Test func aProcessThatKeepsEndingIsGivenUpAndSaidSo() async throws {
    let (stream, continuation) = AsyncStream.makeStream(of: StrataError.self)
    var definition = definition("sleep 0.02; exit 3")
    definition.onGiveUp = { continuation.yield($0) }
    let service = ProcessService(definition)
    try await service.start()
    let error = await stream.first { _ in true }
    #expect(error?.message.contains("exit code 3") == true)
    #expect(await service.restartCount == 2)
    await service.stop()
  }

  @Test func oneThatEndsDuringItsStartIsAnError() async throws {
    var definition = definition("exit 4")
    definition.isReady = { _ in false }
    let service = ProcessService(definition)
    let error = await #expect(throws: StrataError.self) { try await service.start() }
    #expect(error?.message == "test ended during its start with exit code 4")
    await service.stop()
  }

  @Test func oneThatIsNeverReadyIsEnded() async throws {
    let (stream, continuation) = AsyncStream.makeStream(of: ChildProcess.self)
    var definition = definition("exec sleep 1000")
    definition.readyLimit = .milliseconds(20)
    definition.isReady = {
      continuation.yield($0)
      return false
    }
    await #expect(throws: StrataError.self) { try await ProcessService(definition).start() }
    let child = try #require(await stream.first { _ in true })
    #expect(child.exit?.status == .signalled(SIGTERM))
  }

  /// Of a service whose process says that it is ready, unless `file` is there.
  private func notifying(
    unless file: String = "/nonexistent", onStart: @escaping @Sendable () -> Void = {}
  ) -> ProcessService.Definition {
    var definition = ProcessService.Definition(name: "test") { () throws(StrataError) in
      onStart()
      var specification = ProcessSpecification(
        "/bin/sh", ["-c", "test -e '\(file)' && exit 5; echo >&3; exec sleep 1000"])
      specification.readinessNumber = 3
      return specification
    } isReady: {
      $0.hasSaidReady
    }
    definition.restart = quick
    definition.teardown = .terminate(patience: .seconds(20))
    return definition
  }

  @Test func anotherProcessTakesThePlaceOfOneThatStillServes() async throws {
    let service = ProcessService(notifying())
    try await service.start()
    let old = try #require(await service.child)
    let new = try await service.renew(.overlapping, retiring: .terminate(patience: .seconds(20)))
    #expect(await service.child?.pid == new.pid && new.pid != old.pid)
    #expect(await old.wait().status == .signalled(SIGTERM))
    #expect(await service.restartCount == 0, "the end of the old one is not taken for a failure")
    // The new one is looked after as the old one was.
    new.signal(SIGKILL)
    while await service.child.map({ $0.pid == new.pid }) ?? true { await Task.yield() }
    #expect(await service.restartCount == 1)
    await service.stop()
  }

  @Test func oneThatDoesNotBecomeReadyLeavesTheOneBefore() async throws {
    try await withMark { file in
      let starts = Mutex(0)
      let service = ProcessService(notifying(unless: file) { starts.withLock { $0 += 1 } })
      try await service.start()
      let old = try #require(await service.child)
      try "".write(toFile: file, atomically: true, encoding: .utf8)
      let error = await #expect(throws: StrataError.self) {
        try await service.renew(.overlapping, retiring: .kill)
      }
      #expect(error?.message == "test ended during its start with exit code 5")
      #expect(await service.child?.pid == old.pid && old.exit == nil)
      try FileManager.default.removeItem(atPath: file)
      // It is looked after still, and by one only.
      #expect(starts.withLock { $0 } == 2)
      old.signal(SIGKILL)
      while await service.child.map({ $0.pid == old.pid }) ?? true { await Task.yield() }
      // The time of several restarts: another start would be here by now.
      let next = try #require(await service.child)
      _ = await next.wait(atMost: quick.delayMax * 50)
      #expect(starts.withLock { $0 } == 3)
      #expect(await service.restartCount == 1)
      await service.stop()
    }
  }

  @Test func whereTheOldOneEndsFirstAFailureIsFollowedByFurtherTries() async throws {
    try await withMark { file in
      var definition = notifying(unless: file)
      definition.restart.failuresMax = .max
      let service = ProcessService(definition)
      try await service.start()
      let old = try #require(await service.child)
      try "".write(toFile: file, atomically: true, encoding: .utf8)
      await #expect(throws: StrataError.self) {
        try await service.renew(.consecutive, retiring: .terminate(patience: .seconds(20)))
      }
      #expect(old.exit?.status == .signalled(SIGTERM))
      try FileManager.default.removeItem(atPath: file)
      while await service.child == nil { await Task.yield() }
      await service.stop()
      #expect(await service.child == nil)
    }
  }

  /// One that ends again and again is what a better one is wanted for: while it waits for its next try, and during one.
  @Test(arguments: [true, false]) func oneThatDoesNotRunIsReplacedToo(_ isStarting: Bool) async throws {
    try await withMark { file in
      let starts = Mutex(0)
      var definition = notifying(unless: file) { starts.withLock { $0 += 1 } }
      let other = RestartPolicy(
        firstDelay: .seconds(isStarting ? 0 : 1_000), delayMax: .seconds(1_000), failuresMax: .max,
        healthyAfter: .seconds(1_000))
      definition.restart = other
      if isStarting { definition.isReady = { starts.withLock { $0 } != 2 && $0.hasSaidReady } }
      let service = ProcessService(definition)
      try await service.start()
      if !isStarting { try "".write(toFile: file, atomically: true, encoding: .utf8) }
      try #require(await service.child).signal(SIGKILL)
      while await service.child != nil || starts.withLock({ $0 }) < (isStarting ? 2 : 1) { await Task.yield() }
      let new = try await service.renew(
        .consecutive, retiring: .kill,
        adjusting: { specification, old in
          #expect(old == nil)
          specification.arguments = ["-c", "echo >&3; exec sleep 1000"]
        })
      #expect(await service.child?.pid == new.pid && new.exit == nil)
      #expect(await service.restartCount == 0)
      await service.stop()
      #expect(new.exit != nil)
    }
  }

  @Test func whereTheOtherDoesNotStartEitherTheTriesGoOn() async throws {
    try await withMark { file in
      var definition = notifying(unless: file)
      definition.restart = quick
      definition.restart.failuresMax = .max
      let service = ProcessService(definition)
      try await service.start()
      try "".write(toFile: file, atomically: true, encoding: .utf8)
      try #require(await service.child).signal(SIGKILL)
      while await service.child != nil { await Task.yield() }
      let error = await #expect(throws: StrataError.self) {
        try await service.renew(
          .overlapping, retiring: .kill,
          adjusting: { specification, _ in specification.arguments = ["-c", "exit 7"] })
      }
      #expect(error?.message == "test ended during its start with exit code 7")
      try FileManager.default.removeItem(atPath: file)
      while await service.child == nil { await Task.yield() }
      await service.stop()
    }
  }

  /// Who does not hear is waited for, but not for any number of them.
  @Test func onlySoManyMayTakeTheirTimeToLeave() async throws {
    var definition = ProcessService.Definition(name: "test") { () throws(StrataError) in
      var specification = ProcessSpecification("/bin/sh", ["-c", "trap '' QUIT; echo >&3; exec sleep 1000"])
      specification.readinessNumber = 3
      return specification
    } isReady: {
      $0.hasSaidReady
    }
    definition.teardown = .terminate(patience: .seconds(20))
    definition.predecessorsMax = 1
    let patient = TeardownLadder([.init(signal: SIGQUIT, patience: .seconds(1_000))])
    let service = ProcessService(definition)
    try await service.start()
    var all = [try #require(await service.child)]
    for _ in 0..<2 { all.append(try await service.renew(.overlapping, retiring: patient)) }
    #expect(await all[0].wait().status == .signalled(SIGTERM))
    #expect(all[1].exit == nil && all[2].exit == nil)
    await service.stop()
    #expect(all.allSatisfy { $0.exit != nil })
  }

  /// Both must go, and nothing be started after.
  @Test func aStopDuringARenewalEndsBoth() async throws {
    let (stream, continuation) = AsyncStream.makeStream(of: ChildProcess.self)
    var definition = definition("exec sleep 1000")
    let starts = Mutex(0)
    definition.isReady = {
      if starts.withLock({
        $0 += 1; return $0
      }) == 1 {
        return true
      }
      continuation.yield($0)
      return false
    }
    let service = ProcessService(definition)
    try await service.start()
    let old = try #require(await service.child)
    let renewal = Task { try await service.renew(.overlapping, retiring: .kill) }
    let new = try #require(await stream.first { _ in true })
    let second = await #expect(throws: StrataError.self) { try await service.renew(.overlapping, retiring: .kill) }
    #expect(second?.message == "test is being restarted already")
    await service.stop()
    #expect(old.exit != nil && new.exit != nil)
    await #expect(throws: StrataError.self) { try await renewal.value }
    let none = await #expect(throws: StrataError.self) { try await service.renew(.overlapping, retiring: .kill) }
    #expect(none?.code == .conflict)
  }

  private func withMark(_ body: (String) async throws -> Void) async throws {
    let file = FileManager.default.temporaryDirectory.path + "/strata-mark-\(UInt64.random(in: 0 ... .max))"
    defer { try? FileManager.default.removeItem(atPath: file) }
    try await body(file)
  }

  @Test func aStopDuringTheStartEndsIt() async throws {
    let (stream, continuation) = AsyncStream.makeStream(of: ChildProcess.self)
    var definition = definition("exec sleep 1000")
    definition.isReady = {
      continuation.yield($0)
      return false
    }
    let service = ProcessService(definition)
    let start = Task { try await service.start() }
    let child = try #require(await stream.first { _ in true })
    await service.stop()
    #expect(child.exit?.status == .signalled(SIGTERM))
    await #expect(throws: StrataError.self) { try await start.value }
  }
}

@Suite(.serialized, .timeLimit(.minutes(1))) struct SignalsTests {
  /// Signals have their default effect again, and none that was sent before has it.
  ///
  /// The first thread, while it has not yet returned from the handler of an earlier signal, blocks the next one of its
  /// kind: though ignored, that one stays pending, and would end the process once the default effect is back. To ignore
  /// a signal discards it where it is pending (POSIX.1-2017, System Interfaces, 2.4.3).
  private func restoreDefaults() {
    for name in [SIGINT, SIGTERM, SIGHUP] {
      signal(name, SIG_IGN)
      signal(name, SIG_DFL)
    }
  }

  @Test func requestsToEndAreCountedAndDoNotEndTheProcess() async throws {
    var requests = try Signals.terminationRequests().makeAsyncIterator()
    kill(getpid(), SIGHUP)
    #expect(await requests.next() == .some(.init(signal: SIGHUP, count: 1)))
    kill(getpid(), SIGTERM)
    #expect(await requests.next() == .some(.init(signal: SIGTERM, count: 2)))
    restoreDefaults()
  }

  @Test func whatWasIgnoredBeforeStaysIgnored() async throws {
    signal(SIGHUP, SIG_IGN)
    signal(SIGINT, SIG_IGN)
    var requests = try Signals.terminationRequests().makeAsyncIterator()
    kill(getpid(), SIGHUP)
    kill(getpid(), SIGINT)
    kill(getpid(), SIGTERM)
    #expect(await requests.next() == .some(.init(signal: SIGTERM, count: 1)))
    restoreDefaults()
  }
}
