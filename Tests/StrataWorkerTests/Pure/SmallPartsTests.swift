import Foundation
import StrataCore
import StrataWorker
import Testing

@Suite struct SmallPartsTests {
  @Test func aLogIsCutOnceWithAMarker() {
    var cap = LogCap(limit: 10)
    #expect(cap.admit(Array("12345".utf8)[...]) == Array("12345".utf8))
    let cut = String(decoding: cap.admit(Array("67890abc".utf8)[...]), as: UTF8.self)
    #expect(cut.hasPrefix("67890\n[strata: the log was cut here"))
    #expect(cap.admit(Array("more".utf8)[...]) == [])
  }

  @Test func aLogOfExactlyItsLimitIsWhole() {
    var cap = LogCap(limit: 3)
    #expect(cap.admit(Array("abc".utf8)[...]) == Array("abc".utf8))
    #expect(cap.admit([][...]) == [])
  }

  @Test func aRunnersEnvironmentHoldsNoSecret() {
    let worker = [
      "STRATA_REDIS_URL": "secret", "PATH": "/bin", "LC_ALL": "C", "AWS_SECRET": "x", "OMP_NUM_THREADS": "64",
    ]
    let environment = RunnerEnvironment.make(from: worker, cores: 2)
    #expect(
      environment == [
        "PATH": "/bin", "LC_ALL": "C", "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2", "GDAL_NUM_THREADS": "2",
        "SWIFT_BACKTRACE": "enable=no",
      ])
    #expect(RunnerEnvironment.make(from: [:], cores: 1)["PATH"] == RunnerEnvironment.pathDefault)
  }

  @Test func jobsAreHandedBackForWantOfRoomSoOftenOnly() {
    let jobs = (0..<3).map { _ in JobID() }
    var releases = ShortageReleases(releasesMax: 2)
    #expect((0..<4).map { _ in releases.mayRelease(jobs[0]) } == [true, true, false, false])
    #expect((0..<1).map { _ in releases.mayRelease(jobs[1]) } == [true])
    releases.forget(jobs[0])
    releases.forget(jobs[2])
    #expect((0..<1).map { _ in releases.mayRelease(jobs[0]) } == [true])
    // However many jobs there are, only the last of them are remembered.
    for _ in 0..<ShortageReleases.jobsMax { _ = releases.mayRelease(JobID()) }
    #expect((0..<3).map { _ in releases.mayRelease(jobs[1]) } == [true, true, false])
  }

  @Test func aDiskIsShortOfBytesOrOfFiles() {
    let limits = AttemptLimits()
    #expect(!DiskSpace(freeBytes: 1 << 30, freeFiles: 1_000).isShort(limits))
    #expect(DiskSpace(freeBytes: 1 << 20, freeFiles: 1_000).isShort(limits))
    #expect(DiskSpace(freeBytes: 1 << 30, freeFiles: 0).isShort(limits))
    #expect(!DiskSpace(freeBytes: 1 << 30, freeFiles: nil).isShort(limits), "some make files as they are asked to")
  }

  @Test func jsonValuesPrintAsTheyWereRead() throws {
    let text = #"{"a":[1,2.5,null,true],"b":{"c":"x\n\"\\ü\u0001"}}"#
    #expect(try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)).description == text)
  }

  @Test func spellingFindsNearWordsOnly() {
    #expect(Spelling.nearest(to: "windw", among: ["cell", "window"]) == "window")
    #expect(Spelling.nearest(to: "jbos", among: ["job", "jobs"]) == "jobs")
    #expect(Spelling.nearest(to: "zzz", among: ["cell", "window"]) == nil)
    #expect(Spelling.nearest(to: "", among: []) == nil)
  }
}
