import FoundationEssentials
import Glibc
import StrataArtifacts
import StrataCore
import StrataQueue
import StrataRuntime
import StrataWorker
import Synchronization
import Testing

/// A store that has no room for a while.
private final class ScarceArtifacts: AttemptArtifacts {
  private let inner: FolderArtifacts
  private let isShort: Mutex<Bool>
  private let refused: AsyncStream<Void>.Continuation
  private let asked: AsyncStream<Void>.Continuation?

  /// - Parameters:
  ///   - refused: gets a value for every refusal.
  ///   - asked: gets a value whenever somebody asks whether there is room.
  init(
    _ inner: FolderArtifacts, isShort: Bool = false, refused: AsyncStream<Void>.Continuation,
    asked: AsyncStream<Void>.Continuation? = nil
  ) {
    self.inner = inner
    self.isShort = Mutex(isShort)
    self.refused = refused
    self.asked = asked
  }

  func set(isShort value: Bool) { isShort.withLock { $0 = value } }

  var shortage: String? {
    asked?.yield()
    return isShort.withLock { $0 } ? "the disk is short" : nil
  }

  func localPath(of artifact: ArtifactReference) async throws(StrataError) -> String? {
    try await inner.localPath(of: artifact)
  }

  func store(fileAt path: String, named name: String) async throws(StrataError) -> ArtifactReference {
    guard let shortage else { return try await inner.store(fileAt: path, named: name) }
    refused.yield()
    throw StrataError(.insufficientStorage, shortage)
  }
}

/// A disk that is short for a while costs no job an attempt.
@Suite(.timeLimit(.minutes(2))) struct ShortageTests {
  private let folder = FileManager.default.temporaryDirectory.path + "/strata-shortage-\(JobID())"

  @Test func nothingIsLeasedWhileTheReserveIsTouched() async throws {
    var limits = ArtifactStore.Limits()
    (limits.reserveBytes, limits.reserveShare) = (.max, 1)
    let (lines, line) = AsyncStream.makeStream(of: String.self)
    let store = try ArtifactStore(root: folder, limits: limits)
    let fixture = try await WorkerFixture(store: store, lines: line)
    let job = try await fixture.shell("echo kept >output/f", attemptsMax: 2)
    _ = await lines.first { $0.contains("no job is leased") && $0.contains("reserve") }
    #expect(try await fixture.queue.status(of: [job]) == [.ready(ahead: 0, attemptsMade: 0)])
    try await fixture.stop()
    #expect(try await fixture.queue.outcomes(after: nil, limit: 9, waitingUpTo: .zero).isEmpty)
    try FileTree.remove(folder)
  }

  @Test func aShortageIsToldOnceAndSoIsItsEnd() async throws {
    try FileTree.make(folder)
    let (lines, line) = AsyncStream.makeStream(of: String.self)
    let (questions, asked) = AsyncStream.makeStream(of: Void.self)
    let (_, refused) = AsyncStream.makeStream(of: Void.self)
    let store = ScarceArtifacts(FolderArtifacts(folder: folder), isShort: true, refused: refused, asked: asked)
    let fixture = try await WorkerFixture(store: store, lines: line)
    for _ in 0..<3 { _ = await questions.first { _ in true } }
    store.set(isShort: false)
    _ = try await fixture.shell("true")
    #expect(try await fixture.outcome().outcome.ending == .succeeded)
    try await fixture.stop()
    line.finish()
    let told = await lines.reduce(into: []) { $0.append($1) }
    #expect(told == ["no job is leased: the disk is short", "there is room for results; jobs are leased again"])
    try FileTree.remove(folder)
  }

  /// Runs a job that waits at `gate` until the disk is short.
  private func withShortage(
    patience: Duration, faults: Faults = Faults(), _ change: (inout WorkerConfiguration) -> Void = { _ in },
    _ body: (WorkerFixture, ScarceArtifacts, AsyncStream<Void>) async throws -> Void
  ) async throws {
    try FileTree.make(folder)
    let (refusals, refused) = AsyncStream.makeStream(of: Void.self)
    let store = ScarceArtifacts(FolderArtifacts(folder: folder), refused: refused)
    let fixture = try await WorkerFixture(store: store, faults: faults) {
      $0.storingPatience = patience
      change(&$0)
    }
    let gate = folder + "/gate"
    #expect(mkfifo(gate, 0o600) == 0)
    let job = try await fixture.shell("echo up; cat \(gate); echo kept >output/f", attemptsMax: 1)
    _ = try await fixture.line(of: job, beginning: "up")
    store.set(isShort: true)
    try Descriptor.open(gate, O_WRONLY).close()
    try await body(fixture, store, refusals)
    try await fixture.stop()
    try FileTree.remove(folder)
  }

  @Test func resultsAreHeldUntilThereIsRoom() async throws {
    try await withShortage(patience: .seconds(60)) { fixture, store, refusals in
      // Refused, held, and refused again.
      for _ in 0..<2 { _ = await refusals.first { _ in true } }
      store.set(isShort: false)
      let (outcome, report) = try await fixture.outcome()
      #expect(outcome.ending == .succeeded && outcome.isFinal && report.results.map(\.name) == ["f"])
    }
  }

  @Test func whatNoRoomCameForIsHandedBackAndTheAttemptNotCounted() async throws {
    try await withShortage(patience: .zero) { fixture, store, _ in
      let (outcome, report) = try await fixture.outcome()
      #expect(outcome.ending == .released && !outcome.isFinal && report.results.isEmpty)
      #expect(try await fixture.queue.status(of: [outcome.job]) == [.ready(ahead: 0, attemptsMade: 0)])
    }
  }

  @Test func aJobThatRoomNeverComesForFails() async throws {
    try await withShortage(patience: .zero) {
      $0.shortageReleasesMax = 0
    } _: { fixture, store, _ in
      let (outcome, report) = try await fixture.outcome()
      #expect(outcome.ending == .failed && outcome.isFinal && report.error?.code == "disk_full")
    }
  }

  /// In all of these the worker's word is that it hands the lease back; what becomes of the job is the queue's.
  @Test func whoeverCancelsAJobDoesNotWaitForRoom() async throws {
    let faults = Faults()
    try await withShortage(patience: .seconds(3_600), faults: faults) { fixture, store, refusals in
      _ = await refusals.first { _ in true }
      let leased = try await fixture.queue.page(after: nil, limit: 1).jobs
      #expect(try await fixture.queue.cancel(leased) == [.signalled])
      let (outcome, _) = try await fixture.outcome()
      #expect(outcome.ending == .cancelled && outcome.isFinal)
      #expect(faults.reports == [.release])
    }
  }

  @Test func aWorkerThatStopsDoesNotWaitForRoom() async throws {
    let faults = Faults()
    try await withShortage(patience: .seconds(3_600), faults: faults) { fixture, store, refusals in
      _ = await refusals.first { _ in true }
      try await fixture.stop(times: 2)
      let (outcome, _) = try await fixture.outcome()
      #expect(outcome.ending == .released && !outcome.isFinal)
      #expect(faults.reports == [.release])
    }
  }

  @Test func whatIsAnothersDoesNotWaitForRoom() async throws {
    let faults = Faults()
    try await withShortage(patience: .seconds(3_600), faults: faults) { fixture, store, refusals in
      _ = await refusals.first { _ in true }
      try await fixture.queue.forget(try await fixture.queue.page(after: nil, limit: 1).jobs)
      while faults.reports.isEmpty { await Task.yield() }
      #expect(faults.reports == [.release])
      #expect(try await fixture.queue.outcomes(after: nil, limit: 9, waitingUpTo: .zero).isEmpty)
      // Its slot is free again.
      store.set(isShort: false)
      _ = try await fixture.shell("true")
      #expect(try await fixture.outcome().outcome.ending == .succeeded)
    }
  }
}
