import Glibc
import StrataCore
import StrataRuntime

/// The user that PostgreSQL runs as.
struct PostgreSQLOwner: Sendable {
  /// Whom to switch to; nil when it runs as the caller.
  let user: UserIdentity?

  /// The users tried when the caller is root, best first.
  static let candidates = ["postgres", "nobody", "daemon"]

  /// - Throws: `unavailable` if the caller is root and there is nobody to switch to.
  static func choose() throws(StrataError) -> PostgreSQLOwner {
    guard UserIdentity.callerIsRoot else { return PostgreSQLOwner(user: nil) }
    for name in candidates {
      if let user = UserIdentity.named(name) { return PostgreSQLOwner(user: user) }
    }
    throw StrataError(
      .unavailable, "PostgreSQL refuses to run as root, and there is no user to run it as",
      remedy: "useradd --system postgres")
  }

  /// Makes the server's folder and that of its socket, both private to the owner, and checks that it can reach them.
  func makeFolders(folder: String, socketFolder: String) throws(StrataError) {
    for path in [folder, socketFolder] {
      if !Folder.exists(path) { try Folder.create(path, mode: 0o700) }
      try Folder.give(path, to: user)
      try checkReachable(path)
    }
  }

  /// Every folder above must let the owner pass.
  private func checkReachable(_ path: String) throws(StrataError) {
    guard let user, let wall = Folder.wall(above: path, for: user) else { return }
    throw StrataError(
      .unavailable, "the user \(user.name), whom PostgreSQL runs as, cannot pass through \(wall)",
      remedy: Folder.wayAround(wall))
  }
}
