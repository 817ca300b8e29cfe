import Glibc
import StrataArtifacts
import StrataCore
import Testing

@Suite struct ArtifactStoreTests {
  let abc = ArtifactDigest("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")!

  @Test func contentIsNamedByItsSHA256() throws {
    let folder = TemporaryFolder()
    let store = try ArtifactStore(root: folder.path)
    // The example of FIPS 180-4.
    #expect(try store.put(Array("abc".utf8)) == Artifact(digest: abc, size: 3))
    #expect(store.size(of: abc) == 3)
    let path = try store.path(of: abc)
    #expect(path.hasSuffix("/sha256/ba/7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))
    let descriptor = try store.open(abc)
    defer { close(descriptor) }
    #expect(readFile(descriptor) == Array("abc".utf8))
    #expect(folder.entries(of: "incoming").isEmpty)
  }

  @Test func aStoreKeepsItsIdentityAndHasItToItself() throws {
    let folder = TemporaryFolder()
    let other = TemporaryFolder()
    let store = try ArtifactStore(root: folder.path)
    #expect(ArtifactStore.identity(of: folder.path) == nil)
    let identity = try store.identity()
    #expect(identity.count == 16 && ArtifactStore.identity(of: folder.path) == identity)
    #expect(try ArtifactStore(root: folder.path).identity() == identity)
    #expect(try ArtifactStore(root: other.path).identity() != identity)
    #expect(folder.entries(of: "incoming").isEmpty)
  }

  @Test func piecesAndWholeAreTheSameArtifact() throws {
    let folder = TemporaryFolder()
    let store = try ArtifactStore(root: folder.path)
    let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let whole = try store.put(content)
    var writer = try store.write()
    for start in stride(from: 0, to: content.count, by: 1_001) {
      try writer.write(Array(content[start..<min(start + 1_001, content.count)]))
    }
    #expect(try writer.finish() == whole)
    #expect(folder.entries(of: "sha256").count == 1)
  }

  @Test func whatIsNotFinishedLeavesNothing() throws {
    let folder = TemporaryFolder()
    let store = try ArtifactStore(root: folder.path)
    do {
      var writer = try store.write()
      try writer.write([1, 2, 3])
      #expect(folder.entries(of: "incoming").count == 1)
    }
    #expect(folder.entries(of: "incoming").isEmpty)
    #expect(folder.entries(of: "sha256").isEmpty)
  }

  @Test func leftoversAreSweptAndLiveWritesAreNot() throws {
    let folder = TemporaryFolder()
    let store = try ArtifactStore(root: folder.path)
    _ = folder.write([1], to: "incoming/leftover")
    var writer = try store.write()
    try writer.write(Array("abc".utf8))
    _ = try ArtifactStore(root: folder.path)
    #expect(folder.entries(of: "incoming").count == 1)
    #expect(try writer.finish().digest == abc)
  }

  @Test func aFileIsCopiedOrConsumed() throws {
    let folder = TemporaryFolder()
    let elsewhere = TemporaryFolder()
    let store = try ArtifactStore(root: folder.path)
    let file = elsewhere.write(Array("abc".utf8), to: "result")
    #expect(try store.put(contentsOf: file) == Artifact(digest: abc, size: 3))
    #expect(access(file, F_OK) == 0)
    #expect(try store.put(contentsOf: file, mayConsume: true).digest == abc)
    #expect(access(file, F_OK) != 0)
    let other = elsewhere.write([7], to: "result")
    let artifact = try store.put(contentsOf: other, mayConsume: true)
    #expect(access(other, F_OK) != 0)
    #expect(store.size(of: artifact.digest) == 1)
    #expect(folder.entries(of: "incoming").isEmpty)
  }

  @Test func aFileWithAnotherNameIsNeverAdopted() throws {
    let folder = TemporaryFolder()
    let elsewhere = TemporaryFolder()
    let store = try ArtifactStore(root: folder.path)
    let file = elsewhere.write(Array("abc".utf8), to: "result")
    #expect(link(file, file + "2") == 0)
    _ = try store.put(contentsOf: file, mayConsume: true)
    _ = elsewhere.write(Array("xyz".utf8), to: "result2")
    #expect(readFile(try store.open(abc)) == Array("abc".utf8))
  }

  @Test func linksAndFoldersAreRefused() throws {
    let folder = TemporaryFolder()
    let elsewhere = TemporaryFolder()
    let store = try ArtifactStore(root: folder.path)
    let link = elsewhere.path + "/link"
    #expect(symlink("/etc/passwd", link) == 0)
    #expect(throws: StrataError.self) { try store.put(contentsOf: link) }
    #expect(throws: StrataError.self) { try store.put(contentsOf: elsewhere.path) }
  }

  @Test func whatIsTooLargeIsRefusedWithoutLeftovers() throws {
    let folder = TemporaryFolder()
    var limits = ArtifactStore.Limits()
    limits.artifactBytes = 10
    let store = try ArtifactStore(root: folder.path, limits: limits)
    _ = try store.put([UInt8](repeating: 0, count: 10))
    let error = #expect(throws: StrataError.self) { try store.put([UInt8](repeating: 0, count: 11)) }
    #expect(error?.code == .artifactTooLarge)
    #expect(folder.entries(of: "incoming").isEmpty)
  }

  @Test func aDeletedArtifactIsGoneAndAnOpenOneStaysReadable() throws {
    let folder = TemporaryFolder()
    let store = try ArtifactStore(root: folder.path)
    _ = try store.put(Array("abc".utf8))
    let descriptor = try store.open(abc)
    #expect(try store.delete(abc))
    #expect(try !store.delete(abc))
    #expect(store.size(of: abc) == nil)
    #expect(readFile(descriptor) == Array("abc".utf8))
    close(descriptor)
    let error = #expect(throws: StrataError.self) { try store.path(of: abc) }
    #expect(error?.code == .notFound)
  }

  @Test func manyMayPutTheSameAtOnce() async throws {
    let folder = TemporaryFolder()
    let store = try ArtifactStore(root: folder.path)
    let content = [UInt8](repeating: 42, count: 100_000)
    let artifacts = try await withThrowingTaskGroup(of: Artifact.self) { group in
      for index in 0..<16 {
        group.addTask {
          guard index % 2 == 0 else { return try store.put(content) }
          return try await store.put(
            stream: AsyncStream {
              $0.yield(content); $0.finish()
            }, on: globalConcurrentExecutor)
        }
      }
      return try await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(artifacts.count == 1)
    #expect(folder.entries(of: "incoming").isEmpty)
  }

  @Test func whatWouldTouchTheReserveIsRefused() async throws {
    let folder = TemporaryFolder()
    var limits = ArtifactStore.Limits()
    (limits.reserveBytes, limits.reserveShare) = (.max, 1)
    let store = try ArtifactStore(root: folder.path, limits: limits)
    let file = folder.write(Array("abc".utf8), to: "file")
    let chunks = AsyncStream<[UInt8]> {
      $0.yield([1]); $0.finish()
    }
    await #expect(throws: StrataError.self) { try await store.put(stream: chunks, on: globalConcurrentExecutor) }
    for mayConsume in [false, true] {
      let error = #expect(throws: StrataError.self) { try store.put(contentsOf: file, mayConsume: mayConsume) }
      #expect(error?.code == .insufficientStorage)
    }
    #expect(access(file, F_OK) == 0)
    #expect(folder.entries(of: "incoming").isEmpty)
    #expect(store.shortage != nil)
    // The smaller of the two bounds is the reserve.
    limits.reserveBytes = 0
    #expect(try ArtifactStore(root: folder.path, limits: limits).put([1]).size == 1)
    (limits.reserveBytes, limits.reserveShare) = (.max, 0)
    #expect(try ArtifactStore(root: folder.path, limits: limits).put([1]).size == 1)
  }

  @Test func aWriteThatReachesTheReserveOnItsWayLeavesNothing() throws {
    let folder = TemporaryFolder()
    let mounted = folder.path + "/small"
    mkdir(mounted, 0o700)
    guard mount("tmpfs", mounted, "tmpfs", 0, "size=4m") == 0 else {
      print("SKIPPED: a small file system to fill cannot be mounted here")
      return
    }
    defer { umount(mounted) }
    var limits = ArtifactStore.Limits()
    (limits.reserveBytes, limits.reserveShare, limits.roomCheckBytes) = (2 << 20, 1, 64 << 10)
    let store = try ArtifactStore(root: mounted, limits: limits)
    var writer = try store.write()
    let error = #expect(throws: StrataError.self) {
      while true { try writer.write([UInt8](repeating: 1, count: 64 << 10)) }
    }
    #expect(error?.code == .insufficientStorage && error?.message.contains("reserve") == true)
    #expect((1 << 20)...(2 << 20) ~= writer.size)
    _ = consume writer
    #expect(folder.entries(of: "small/incoming").isEmpty)
    #expect(try store.put(Array("abc".utf8)).size == 3)
  }

  @Test func aFullDiskIsATypedErrorWithoutLeftovers() throws {
    let folder = TemporaryFolder()
    let mounted = folder.path + "/small"
    mkdir(mounted, 0o700)
    guard mount("tmpfs", mounted, "tmpfs", 0, "size=256k") == 0 else {
      print("SKIPPED: a small file system to fill cannot be mounted here")
      return
    }
    defer { umount(mounted) }
    let store = try ArtifactStore(root: mounted)
    let error = #expect(throws: StrataError.self) { try store.put([UInt8](repeating: 1, count: 1 << 20)) }
    #expect(error?.code == .insufficientStorage)
    #expect(folder.entries(of: "small/incoming").isEmpty)
    _ = try store.put(Array("abc".utf8))
  }

  @Test(arguments: ["", "sha256:", "abc", "../../etc/passwd", String(repeating: "g", count: 64)])
  func whatIsNoDigestIsRefused(text: String) { #expect(ArtifactDigest(text) == nil) }
}
