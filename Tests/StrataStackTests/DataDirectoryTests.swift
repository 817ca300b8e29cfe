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
      close(creat(again.socket("api.sock"), 0o600))
      #expect(!again.endLeftovers())
      #expect(mode(again.sockets) == 0, "nothing stays outside the folder when a stack has ended")
      #expect(try DataDirectory.find(path)?.tenure == .free)
    }
  }

  private func copy(_ path: String, to copy: String) async throws {
    #expect(try await ChildProcess.spawn(ProcessSpecification("cp", ["-a", path, copy])).wait().isSuccess)
  }

  @Test func aCopiedFolderLeavesTheSocketsOfItsModelAlone() async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/" + String(repeating: "long", count: 30)
      let model = try DataDirectory.open(path, temporaryFolder: folder)
      close(creat(model.socket("api.sock"), 0o600))
      try await copy(path, to: path + "-copy")
      let found = try #require(try DataDirectory.find(path + "-copy"))
      #expect(found.sockets != model.sockets)
      #expect(!found.endLeftovers())
      found.removeSocketFolder()
      #expect(access(model.socket("api.sock"), F_OK) == 0)
      let opened = try DataDirectory.open(path + "-copy", temporaryFolder: folder)
      #expect(opened.sockets != model.sockets)
      opened.removeSocketFolder()
      #expect(mode(opened.sockets) == 0 && access(model.socket("api.sock"), F_OK) == 0)
    }
  }

  @Test(.timeLimit(.minutes(1))) func aCopiedFolderLeavesTheProcessesOfItsModelAlone() async throws {
    try await withTemporaryFolder { folder in
      let directory = try DataDirectory.open(folder + "/data")
      let identity = StackIdentity.random()
      let lock = try directory.lock(for: identity)
      var specification = ProcessSpecification("sleep", ["1000"])
      specification.environment.merge(identity.environment) { $1 }
      let child = try await ChildProcess.spawn(specification)
      try await waitUntil {
        ProcessStatistics.read(child.pid)?.carries("\(StackIdentity.variable)=\(identity.value)") == true
      }
      try await copy(directory.path, to: folder + "/copy")
      let other = try #require(try DataDirectory.find(folder + "/copy"))
      #expect(try other.tenure == .free)
      #expect(!other.endLeftovers())
      try DataDirectory.open(other.path).lock().release()
      #expect(child.exit == nil && ProcessStatistics.read(child.pid)?.isZombie == false)
      lock.release()
      #expect(directory.endLeftovers())
      #expect(await child.wait().status == .signalled(SIGTERM))
    }
  }

  /// Whatever `run/sockets` says, nothing but what a stack has made is removed.
  @Test func onlyWhatAStackMakesIsRemoved() async throws {
    try await withTemporaryFolder { folder in
      let path = folder + "/" + String(repeating: "long", count: 30)
      let directory = try DataDirectory.open(path, temporaryFolder: folder)
      close(creat(directory.socket("mine"), 0o600))
      close(creat(directory.socket("redis.sock"), 0o600))
      directory.removeSocketFolder()
      #expect(access(directory.socket("mine"), F_OK) == 0 && access(directory.socket("redis.sock"), F_OK) != 0)
      // A folder that is this user's and is not called as those that are made.
      for name in ["precious", "strata-precious"] {
        mkdir("\(folder)/\(name)", 0o700)
        close(creat("\(folder)/\(name)/redis.sock", 0o600))
        var status = stat()
        #expect(stat(directory.run, &status) == 0)
        let record = Array("\(folder)/\(name)\n\(status.st_dev):\(status.st_ino)\n".utf8)
        let file = open(directory.run + "/sockets", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        #expect(write(file, record, record.count) == record.count)
        close(file)
        #expect(try DataDirectory.find(path)?.sockets == "\(folder)/\(name)", "the record is read")
        directory.removeSocketFolder()
        #expect(access("\(folder)/\(name)/redis.sock", F_OK) == 0)
      }
    }
  }

  /// As `/` and `/var` have: there `run/lock` is a folder of the system's.
  @Test func whatIsCalledALockMakesNoDataDirectory() async throws {
    try await withTemporaryFolder { folder in
      for place in ["/a", "/b", "/c", "/d"] {
        for part in [place, place + "/run"] { mkdir(folder + part, 0o755) }
      }
      mkdir(folder + "/a/run/lock", 0o755)
      mkfifo(folder + "/b/run/lock", 0o600)
      close(creat(folder + "/c/run/lock", 0o600))
      symlink(folder, folder + "/d/run/lock")
      for place in [folder + "/a", folder + "/b", folder + "/c", folder + "/d", "/"] {
        let found = try DataDirectory.find(place)
        #expect(found == nil, "\(place)")
      }
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
