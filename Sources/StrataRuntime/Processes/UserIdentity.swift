import Glibc

/// A user of this machine with its groups, as a process takes it on.
public struct UserIdentity: Sendable, Hashable {
  public let name: String
  public let user: UInt32
  public let group: UInt32
  /// Supplementary groups, the primary one included.
  public let groups: [UInt32]

  /// Whether this process may become another user.
  public static var callerIsRoot: Bool { geteuid() == 0 }

  /// The user called `name`, or nil if this machine knows none.
  public static func named(_ name: String) -> UserIdentity? {
    var buffer = [CChar](repeating: 0, count: 16_384)
    var entry = unsafe passwd()
    var found: UnsafeMutablePointer<passwd>?
    let count = buffer.count
    guard unsafe getpwnam_r(name, &entry, &buffer, count, &found) == 0, unsafe found != nil else { return nil }
    return unsafe UserIdentity(
      name: name, user: entry.pw_uid, group: entry.pw_gid, groups: groups(of: name, primary: entry.pw_gid))
  }

  private static func groups(of name: String, primary: UInt32) -> [UInt32] {
    var count: Int32 = 256
    var groups = [UInt32](repeating: 0, count: Int(count))
    guard unsafe getgrouplist(name, primary, &groups, &count) >= 0 else { return [primary] }
    return Array(groups.prefix(Int(count)))
  }
}
