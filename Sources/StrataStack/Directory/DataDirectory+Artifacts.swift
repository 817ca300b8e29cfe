import Glibc
public import StrataCore
import StrataRuntime

extension DataDirectory {
  /// Looks whether `elsewhere` can be the artifacts' folder of the data directory at `path`, which need not be there.
  ///
  /// - Parameters: absolute paths.
  /// - Throws: `invalid_input` for what is no folder, `conflict` where the data directory has artifacts of its own.
  public static func checkArtifacts(_ elsewhere: String, for path: String) throws(StrataError) {
    guard Folder.isFolder(elsewhere) else {
      throw StrataError(
        .invalidInput, "\(elsewhere) is no folder, and artifacts cannot be kept there",
        remedy: "make or mount it first: an empty one in the place of a shared one would be taken for it")
    }
    let own = path + "/artifacts"
    guard Folder.exists(own), !Folder.isSame(own, elsewhere), Folder.target(of: own) == nil, !Folder.isEmpty(own)
    else { return }
    throw StrataError(
      .conflict, "\(path) has artifacts of its own already",
      remedy: "leave out --artifacts, or move what is in \(own) to \(elsewhere) while nothing runs")
  }

  /// Makes the folder, or the link that leads to it.
  static func placeArtifacts(_ elsewhere: String?, in path: String) throws(StrataError) {
    let own = path + "/artifacts"
    if let elsewhere, !Folder.isSame(own, elsewhere) {
      try checkArtifacts(elsewhere, for: path)
      if Folder.target(of: own) != nil { unsafe unlink(own) } else { unsafe rmdir(own) }
      guard unsafe symlink(elsewhere, own) == 0 else { throw .system("make \(own) lead to \(elsewhere)") }
    }
    // What lies elsewhere has the rights that its owner gave it.
    guard let target = Folder.target(of: own) else { return try Folder.create(own, mode: 0o700) }
    guard Folder.isFolder(own) else {
      throw StrataError(
        .conflict, "the artifacts of \(path) are kept in \(target), and no folder is there",
        remedy: "mount it, or name where it is now with --artifacts")
    }
  }
}
