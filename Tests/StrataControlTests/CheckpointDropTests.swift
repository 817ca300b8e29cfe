import ControlTestSupport
import Dispatch
import Foundation
import StrataArtifacts
import StrataControl
import StrataCore
import StrataRuntime
import Testing

/// What was saved for jobs goes with them, and nobody who ends jobs waits for the disk.
@Suite(.timeLimit(.minutes(2))) struct CheckpointDropTests {
  @Test func jobsEndThoughTheDiskIsAway() async throws {
    let fixture = try await ControlFixture { $0.diskThreads = 1 }
    let job = try await fixture.submit()
    let path = fixture.store.root + "/saved"
    try "half".write(toFile: path, atomically: false, encoding: .utf8)
    try fixture.store.keepCheckpoint(
      [ArtifactStore.CheckpointFile(name: "saved", path: path)], of: job, tenant: fixture.tenant,
      token: FencingToken(rawValue: 1))
    let (disk, gate) = (fixture.control.disk, DispatchSemaphore(value: 0))
    let (begun, begin) = AsyncStream<Void>.makeStream()
    let blocked = Task {
      await disk.run {
        begin.finish()
        gate.wait()
      }
    }
    for await _ in begun {}
    try await fixture.complete(try await fixture.lease())
    try await fixture.control.settler.drain()
    #expect(try await fixture.state(of: job) == .succeeded)
    #expect(try fixture.store.jobsWithCheckpoints() == [job], "the disk has done nothing yet")
    gate.signal()
    await blocked.value
    try await eventually("it is removed") { try fixture.store.jobsWithCheckpoints().isEmpty }
  }
}
