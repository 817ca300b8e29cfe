import FoundationEssentials
import Glibc
import StrataCore
import StrataRuntime
import StrataWorker
import Testing

/// Folders as attempts may leave them.
@Suite struct FileTreeTests {
  private let folder = FileManager.default.temporaryDirectory.path + "/strata-tree-\(JobID())"

  private func makeFile(_ name: String, bytes: Int, holes: off_t = 0) throws {
    let file = try Descriptor.open("\(folder)/\(name)", O_WRONLY | O_CREAT)
    #expect(write(file.raw, [UInt8](repeating: 1, count: bytes), bytes) == bytes)
    #expect(ftruncate(file.raw, off_t(bytes) + holes) == 0 && fsync(file.raw) == 0)
  }

  @Test func holesAndSecondNamesTakeNoRoom() throws {
    try FileTree.make(folder)
    try makeFile("real", bytes: 100_000)
    #expect(link("\(folder)/real", "\(folder)/again") == 0)
    try makeFile("holes", bytes: 1, holes: 1 << 40)
    let usage = FileTree.usage(of: folder)
    #expect(usage.entries == 3 && !usage.isCut)
    #expect((100_000..<200_000).contains(usage.bytes), "\(usage.bytes)")
    try FileTree.remove(folder)
  }

  @Test func noSumIsTooLarge() {
    #expect(Int64.max.addingUpToMax(1) == .max && (Int64.max - 1).addingUpToMax(1) == .max)
    #expect(Int64(3).addingUpToMax(4) == 7 && (Int64.max / 2).multipliedUpToMax(by: 512) == .max)
  }

  /// Far deeper than a path may be long, or a process may have descriptors.
  @Test func whatNoPathReachesIsMeasuredAndRemoved() throws {
    let depth = 3_000
    let name = String(repeating: "d", count: 100)
    try FileTree.make(folder)
    var here = try Descriptor.open(folder, O_RDONLY | O_DIRECTORY)
    for _ in 0..<depth {
      #expect(mkdirat(here.raw, name, 0o700) == 0 && mkdirat(here.raw, "beside", 0o700) == 0)
      here = Descriptor(owning: openat(here.raw, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
    }
    let usage = FileTree.usage(of: folder)
    #expect(usage.entries == 2 * depth && !usage.isCut)
    here.close()
    try FileTree.remove(folder)
    #expect(!FileTree.exists(folder))
  }

  @Test func countingStopsAtItsLimit() throws {
    try FileTree.make(folder + "/deep")
    for number in 0..<50 { try makeFile("deep/\(number)", bytes: 1) }
    #expect(FileTree.usage(of: folder, entriesMax: 51) == FileTree.usage(of: folder))
    let cut = FileTree.usage(of: folder, entriesMax: 10)
    #expect(cut.entries == 10 && cut.isCut)
    #expect(FileTree.list(folder + "/deep", entriesMax: 49) == nil)
    #expect(FileTree.list(folder + "/deep", entriesMax: 50)?.files.count == 50)
    try FileTree.remove(folder)
  }

  @Test func aLinkIsRemovedAndNotWhatItPointsTo() throws {
    try FileTree.make(folder + "/kept")
    try makeFile("kept/file", bytes: 1)
    try FileTree.make(folder + "/gone")
    #expect(symlink(folder + "/kept", folder + "/gone/link") == 0 && symlink(folder + "/kept", folder + "/link") == 0)
    try FileTree.remove(folder + "/gone")
    try FileTree.remove(folder + "/link")
    try FileTree.remove(folder + "/never")
    #expect(FileTree.folders(in: folder) == ["kept"] && FileTree.exists(folder + "/kept/file"))
    try FileTree.remove(folder)
  }
}
