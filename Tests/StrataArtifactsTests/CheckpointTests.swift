import Foundation
import StrataArtifacts
import StrataCore
import Testing

/// What attempts save for the next one of their job.
@Suite struct CheckpointTests {
  private let tenant = TenantID()
  private let folder = FileManager.default.temporaryDirectory.path + "/strata-checkpoint-\(JobID())"

  private func store(bytes: Int = 1 << 20, ofTenant: Int = 1 << 30) throws -> ArtifactStore {
    try FileManager.default.createDirectory(atPath: folder + "/saved", withIntermediateDirectories: true)
    try FileManager.default.createDirectory(atPath: folder + "/next", withIntermediateDirectories: true)
    var limits = ArtifactStore.Limits()
    (limits.checkpointBytes, limits.tenantCheckpointBytes) = (bytes, ofTenant)
    return try ArtifactStore(root: folder + "/store", limits: limits)
  }

  private func saved(_ texts: [String: String]) throws -> [ArtifactStore.CheckpointFile] {
    try texts.map { name, text in
      try text.write(toFile: folder + "/saved/" + name, atomically: false, encoding: .utf8)
      return ArtifactStore.CheckpointFile(name: name, path: folder + "/saved/" + name)
    }
  }

  private func restored(_ store: ArtifactStore, _ job: JobID) throws -> [String: String] {
    try store.restoreCheckpoint(of: job, tenant: tenant, into: folder + "/next")
    var texts: [String: String] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: folder + "/next") {
      texts[name] = try String(contentsOfFile: folder + "/next/" + name, encoding: .utf8)
      try FileManager.default.removeItem(atPath: folder + "/next/" + name)
    }
    return texts
  }

  @Test func theLastAttemptsFilesAreThereUntilTheyAreDropped() throws {
    let (store, job) = (try store(), JobID())
    defer { try? FileManager.default.removeItem(atPath: folder) }
    #expect(try restored(store, job) == [:] && store.jobsWithCheckpoints() == [])
    try store.keepCheckpoint(
      try saved(["a": "1", "b": "2"]), of: job, tenant: tenant, token: FencingToken(rawValue: 9))
    #expect(try restored(store, job) == ["a": "1", "b": "2"])
    // Once more: the worker that had them may have been lost.
    #expect(try restored(store, job) == ["a": "1", "b": "2"])
    try store.keepCheckpoint(try saved(["a": "3"]), of: job, tenant: tenant, token: FencingToken(rawValue: 10))
    #expect(try restored(store, job) == ["a": "3"])
    // One that was cut off says so too late.
    try store.keepCheckpoint(try saved(["a": "old"]), of: job, tenant: tenant, token: FencingToken(rawValue: 8))
    #expect(try restored(store, job) == ["a": "3"])
    #expect(try store.jobsWithCheckpoints() == [job])
    store.dropCheckpoints(of: [JobID(), job])
    #expect(try restored(store, job) == [:] && store.jobsWithCheckpoints() == [])
  }

  @Test func anAttemptThatSavesNothingLeavesNothing() throws {
    let (store, job) = (try store(), JobID())
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try store.keepCheckpoint(try saved(["a": "1"]), of: job, tenant: tenant, token: FencingToken(rawValue: 1))
    try store.keepCheckpoint([], of: job, tenant: tenant, token: FencingToken(rawValue: 2))
    #expect(try restored(store, job) == [:] && store.jobsWithCheckpoints() == [])
  }

  @Test func whatIsTooMuchOrNoFileLeavesWhatWasKeptBefore() throws {
    let (store, job) = (try store(bytes: 3), JobID())
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try store.keepCheckpoint(try saved(["a": "1"]), of: job, tenant: tenant, token: FencingToken(rawValue: 1))
    let large = try saved(["a": "12", "b": "34"])
    let error = #expect(throws: StrataError.self) {
      try store.keepCheckpoint(large, of: job, tenant: tenant, token: FencingToken(rawValue: 2))
    }
    #expect(error?.code == .artifactTooLarge)
    #expect(symlink("/etc/passwd", folder + "/saved/link") == 0)
    let link = ArtifactStore.CheckpointFile(name: "link", path: folder + "/saved/link")
    #expect(throws: StrataError.self) {
      try store.keepCheckpoint([link], of: job, tenant: tenant, token: FencingToken(rawValue: 3))
    }
    #expect(try restored(store, job) == ["a": "1"])
  }

  @Test func whatJobsOfATenantKeepIsBoundedTogether() throws {
    let (store, jobs) = (try store(ofTenant: 10), [JobID(), JobID(), JobID()])
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func keep(_ text: String, of job: JobID, _ token: UInt64, tenant: TenantID? = nil) throws {
      try store.keepCheckpoint(
        try saved(["a": text]), of: job, tenant: tenant ?? self.tenant, token: FencingToken(rawValue: token))
    }
    try keep("1234", of: jobs[0], 1)
    try keep("123456", of: jobs[1], 1)
    let error = #expect(throws: StrataError.self) { try keep("1", of: jobs[2], 1) }
    #expect(error?.code == .limitExceeded && error?.message.contains("10 bytes in all; others have 10") == true)
    #expect(try Set(store.jobsWithCheckpoints()) == Set(jobs.prefix(2)), "nothing is left of it")
    // What it replaces does not count, and what was kept before stays where the new is too much.
    try keep("4321", of: jobs[0], 2)
    #expect(throws: StrataError.self) { try keep("54321", of: jobs[0], 3) }
    #expect(try restored(store, jobs[0]) == ["a": "4321"])
    try keep("1", of: jobs[2], 1, tenant: TenantID())
    // The end of one makes room for others.
    store.dropCheckpoints(of: [jobs[1]])
    try keep("123456", of: jobs[2], 1)
    #expect(try restored(store, jobs[2]) == ["a": "123456"])
  }
}
