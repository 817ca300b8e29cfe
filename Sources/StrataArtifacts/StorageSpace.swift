import Glibc
public import StrataCore

/// How much room a store has.
public struct StorageSpace: Hashable, Sendable {
  /// What this user may still write, in bytes.
  public let free: Int
  /// What the store leaves free for everything else that lives there, in bytes.
  public let reserve: Int

  /// Whether `bytes` more leave the reserve untouched.
  public func holds(_ bytes: Int = 0) -> Bool { free - reserve >= bytes }

  /// In words for an operator.
  var shortage: String {
    "the artifacts' file system has \(free >> 20) MiB free, of which \(reserve >> 20) MiB are its reserve"
  }
}

extension ArtifactStore.Limits {
  /// The smaller of the two reserves, on a file system of so many bytes.
  func reserve(ofTotal total: Int) -> Int { min(reserveBytes, Int(Double(total) * reserveShare)) }
}

extension ArtifactStore {
  /// How much room there is now; nil if the system does not say.
  public var space: StorageSpace? {
    var status = statvfs()
    guard unsafe statvfs(root, &status) == 0 else { return nil }
    let unit = Int(status.f_frsize)
    return StorageSpace(
      free: Int(status.f_bavail) * unit, reserve: limits.reserve(ofTotal: Int(status.f_blocks) * unit))
  }

  /// What to tell an operator while the store takes nothing for want of room; nil while it takes something.
  public var shortage: String? {
    guard let space, !space.holds() else { return nil }
    return space.shortage + ": uploads and results are refused"
  }

  /// - Throws: what an artifact of so many bytes would be refused with now: too large, or no room for it.
  public func requireTakeable(_ bytes: Int) throws(StrataError) {
    guard bytes <= limits.artifactBytes else { throw .artifactTooLarge(limit: limits.artifactBytes) }
    try requireRoom(for: bytes)
  }

  /// - Throws: `insufficientStorage` where `bytes` more would touch the reserve.
  public func requireRoom(for bytes: Int = 0) throws(StrataError) {
    guard let space, !space.holds(bytes) else { return }
    throw .reserveTouched(space)
  }
}
