import FoundationEssentials
import StrataCore
import StrataWorker
import Testing

@Suite struct WorkerFolderTests {
  private let parent = FileManager.default.temporaryDirectory.path + "/strata-workers-\(JobID())/work"

  @Test func onlyFoldersOfWorkersThatAreGoneAreRemoved() throws {
    let living = try WorkerFolder(of: WorkerID(), in: parent)
    try FileTree.make(living.attempts + "/1/work")
    // As a killed worker leaves it: with a lock file that nobody holds.
    let killed = WorkerID()
    let dead = "\(parent)/\(killed)"
    try FileTree.make(dead + "/attempts/1/work" + "/output")
    #expect(FileManager.default.createFile(atPath: dead + "/lock", contents: Data()))
    let other = "\(parent)/not-a-workers"
    try FileTree.make(other)

    let starting = try WorkerFolder(of: WorkerID(), in: parent)
    var lines: [String] = []
    #expect(try starting.removeAbandoned { lines.append($0) } == [killed])
    #expect(!FileTree.exists(dead) && FileTree.exists(other))
    #expect(FileTree.exists(living.attempts + "/1/work") && FileTree.exists(starting.path))
    #expect(lines.count == 1 && lines[0].contains(dead))

    try living.leave()
    #expect(!FileTree.exists(living.path))
    try FileTree.remove(String(parent.dropLast("/work".count)))
  }

  @Test func aFolderIsAbandonedOnceItsHolderIsGone() throws {
    var held: WorkerFolder? = try WorkerFolder(of: WorkerID(), in: parent)
    let path = try #require(held).path
    let starting = try WorkerFolder(of: WorkerID(), in: parent)
    #expect(try starting.removeAbandoned { _ in } == [])
    #expect(FileTree.exists(path) && held?.path == path)
    held = nil
    try starting.removeAbandoned { _ in }
    #expect(!FileTree.exists(path))
    try FileTree.remove(String(parent.dropLast("/work".count)))
  }
}
