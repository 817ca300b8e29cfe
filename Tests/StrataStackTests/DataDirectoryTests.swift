import Glibc
import StrataCore
import StrataRuntime
import StrataStack
import Testing

@Suite struct DataDirectoryTests {
  private func mode(_ path: String) -> UInt32 {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
  }

  @Test func everythingInsideIsPrivate() async throws {
    try await withTemporaryFolder { folder in
      let directory = try DataDirectory.open(folder + "/deep/data/")
      #expect(directory.path == folder + "/deep/data")
      #expect(mode(directory.path) == (UserIdentity.callerIsRoot ? 0o711 : 0o700))
      for part in [directory.redis, directory.artifacts, directory.logs] { #expect(mode(part) == 0o700) }
      #expect(directory.socket("http.sock") == directory.run + "/http.sock")
    }
  }

  @Test func aSecondHolderIsToldTheFirstOnesNumber() async throws {
    try await withTemporaryFolder { folder in
      let directory = try DataDirectory.open(folder + "/data")
      #expect(try directory.holder == nil)
      let lock = try directory.lock()
      #expect(try directory.holder == getpid())
      let error = #expect(throws: StrataError.self) { try directory.lock() }
      #expect(error?.code == .conflict)
      #expect(error?.message.contains("process \(getpid()) ") == true)
      lock.release()
      #expect(try directory.holder == nil)
      try directory.lock().release()
    }
  }

  @Test(.timeLimit(.minutes(1))) func whatCarriesTheLastHoldersMarkIsEndedFirst() async throws {
    try await withTemporaryFolder { folder in
      let directory = try DataDirectory.open(folder + "/data")
      let identity = StackIdentity.random()
      try directory.lock(for: identity).release()
      var specification = ProcessSpecification("sleep", ["1000"])
      specification.environment.merge(identity.environment) { $1 }
      func spawnMarked() async throws -> ChildProcess {
        let child = try await ChildProcess.spawn(specification)
        // The kernel shows a program's environment a moment after the program was entered.
        let mark = "\(StackIdentity.variable)=\(identity.value)"
        try await waitUntil { ProcessStatistics.read(child.pid)?.carries(mark) == true }
        return child
      }
      let first = try await spawnMarked()
      #expect(directory.endLeftovers())
      #expect(await first.wait().status == .signalled(SIGTERM))
      #expect(!directory.endLeftovers())

      let second = try await spawnMarked()
      let lock = try directory.lock()
      #expect(await second.wait().status == .signalled(SIGTERM))
      #expect(!directory.endLeftovers())
      lock.release()
    }
  }

  @Test func aLongPathPutsSocketsInAShortFolderThatIsFoundAgain() async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/" + String(repeating: "long", count: 30)
      let first = try DataDirectory.open(path, temporaryFolder: folder)
      #expect(first.sockets.hasPrefix(folder + "/strata-"))
      #expect(first.socket("pg/.s.PGSQL.5432.lock").utf8.count <= DataDirectory.socketPathBytesMax)
      #expect(try DataDirectory.open(path, temporaryFolder: folder).sockets == first.sockets)
      rmdir(first.sockets)
      let again = try DataDirectory.open(path, temporaryFolder: folder)
      #expect(again.sockets != first.sockets && mode(again.sockets) != 0)
      try again.lock().release()
      close(creat(again.socket("left"), 0o600))
      #expect(!again.endLeftovers())
      #expect(mode(again.sockets) == 0, "nothing stays outside the folder when a stack has ended")
      #expect(try DataDirectory.find(path)?.tenure == .free)
    }
  }

  @Test func aStackIsFoundByItsLockWhereTheMarkerHasGone() async throws {
    try await withTemporaryFolder { folder in
      #expect(try DataDirectory.find(folder + "/data") == nil)
      let lock = try DataDirectory.open(folder + "/data").lock()
      unlink(folder + "/data/strata-data")
      #expect(try DataDirectory.find(folder + "/data")?.holder == getpid())
      lock.release()
    }
  }

  /// A lock that is a link to itself can be opened by nobody, root included.
  @Test func whatCannotBeLookedAtIsNotFree() async throws {
    try await withTemporaryFolder { folder in
      let directory = try DataDirectory.open(folder + "/data")
      #expect(try directory.tenure == .free)
      symlink("lock", directory.run + "/lock")
      #expect(throws: StrataError.self) { try directory.tenure }
      #expect(throws: StrataError.self) { try DataDirectory.find(directory.path) }
      await #expect(throws: StrataError.self) { try await directory.waitUntilFree(atMost: .seconds(60)) }
    }
  }

  @Test func aFileInTheWayIsNamed() async throws {
    try await withTemporaryFolder { folder in
      let file = folder + "/file"
      close(creat(file, 0o600))
      let error = #expect(throws: StrataError.self) { try DataDirectory.open(file) }
      #expect(error?.message.contains(file) == true && error?.remedy != nil)
    }
  }
}
