import Foundation
import Glibc
import StrataCore
import StrataRuntime

/// A file system of its own, so small that it can be filled. It lies in memory, and needs the rights to mount.
struct SmallDisk: Sendable {
  /// Enough for a database, its log and a queue.
  static let mebibytes = 768

  private let folder: String
  private var ballast: String { folder + "/ballast" }

  /// Mounts it at `folder`.
  init(at folder: String) async throws {
    self.folder = folder
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    let options = "size=\(Self.mebibytes)m,mode=755"
    var mount = ProcessSpecification("mount", ["-t", "tmpfs", "-o", options, "none", folder])
    mount.standardError = .null
    guard try await ChildProcess.spawn(mount).wait().isSuccess else {
      throw StrataError(.unavailable, "a file system cannot be mounted at \(folder)", remedy: "run this as root")
    }
  }

  func unmount() async {
    _ = try? await ChildProcess.spawn(ProcessSpecification("umount", ["-l", folder])).wait()
  }

  /// Takes all room that is left, to the last byte.
  func fill() throws {
    let file = try Descriptor.open(ballast, O_WRONLY | O_CREAT | O_APPEND)
    var piece = [UInt8](repeating: 0, count: 1 << 20)
    while !piece.isEmpty {
      do { try file.writeNow(piece) } catch { piece.removeLast((piece.count + 1) / 2) }
    }
  }

  /// Gives it back.
  func empty() { unsafe unlink(ballast) }
}
