import Glibc
import StrataCore
import StrataRuntime
import StrataStack
import Testing

@Suite(.timeLimit(.minutes(1))) struct DoctorTests {
  private func check(_ name: String, _ doctor: Doctor) async throws -> Check {
    try #require(await doctor.examine().first { $0.name == name })
  }

  @Test func aMachineThatRunsTheseTestsIsFit() async throws {
    try await withTemporaryFolder { folder in
      let checks = await Doctor(dataDirectory: folder + "/data").examine()
      #expect(Doctor.isFit(checks), "\(checks.filter { $0.status == .fail }.map(\.text))")
      #expect(Set(checks.map(\.name)).count == checks.count)
      // What is not well says what to do, and what is well does not.
      #expect(checks.allSatisfy { ($0.remedy == nil) == ($0.status == .ok) })
      #expect(ProcFile.read(folder + "/data/config.json") == nil)
    }
  }

  @Test func aFolderThatCannotBeIsSaidSo() async throws {
    try await withTemporaryFolder { folder in
      close(creat(folder + "/file", 0o600))
      let check = try await check("data directory", Doctor(dataDirectory: folder + "/file/data"))
      #expect(check.status == .fail && check.found.contains(folder + "/file"))
    }
  }

  @Test(.enabled(if: UserIdentity.callerIsRoot)) func aWallBeforePostgresIsSaidSo() async throws {
    try await withTemporaryFolder { folder in
      mkdir(folder + "/closed", 0o700)
      let check = try await check("data directory", Doctor(dataDirectory: folder + "/closed/data"))
      #expect(check.status == .fail && check.remedy?.contains("chmod o+x '\(folder)/closed'") == true)
    }
  }

  @Test(.enabled(if: UserIdentity.callerIsRoot)) func rootsHomeIsNotToBeOpened() async throws {
    var status = stat()
    guard stat("/root", &status) == 0, status.st_mode & 0o011 == 0 else {
      print("SKIPPED: root's home is open on this machine")
      return
    }
    let check = try await check("data directory", Doctor(dataDirectory: "/root" + "/strata/data"))
    #expect(check.status == .fail)
    #expect(check.remedy?.contains("--data-dir \(DataDirectory.pathOfRoot)") == true)
    #expect(check.remedy?.contains("chmod") == false)
  }

  @Test func aTakenPortIsSaidSo() async throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = bind(listener, $0, length)
        listen(listener, 1)
        getsockname(listener, $0, &length)
      }
    }
    let port = UInt16(bigEndian: address.sin_port)
    let check = try await check("port \(port)", Doctor(dataDirectory: "/tmp", port: port))
    #expect(check.status == .fail && check.found.contains("process \(getpid()) "))
  }

  @Test func shortagesAreWarnedOfAndFailAtTheirFloor() async throws {
    var needs = Doctor.Needs()
    needs.cores = .max
    needs.memoryBytes = .max
    needs.openFilesMin = .max
    needs.openFiles = .max
    needs.freeDiskBytes = .max
    needs.freeDiskBytesMin = .max
    needs.clockEarliest = Timestamp(milliseconds: 9_000_000_000_000)
    let checks = await Doctor(dataDirectory: "/tmp/strata", needs: needs).examine()
    let failing = Set(checks.filter { $0.status == .fail }.map(\.name))
    #expect(failing == ["free disk", "open files", "clock"])
    #expect(Set(checks.filter { $0.status == .warn }.map(\.name)).isSuperset(of: ["cores", "memory"]))
  }

  @Test func wordsOfTheServersAreRead() {
    #expect(Doctor.redisVersion("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc") == "7.0.15")
    #expect(Doctor.redisVersion("something else") == nil)
    #expect(Doctor.written(bytes: 3 << 29) == "1.5 GiB")
    #expect(Doctor.written(bytes: 5 << 20) == "5 MiB")
  }
}
