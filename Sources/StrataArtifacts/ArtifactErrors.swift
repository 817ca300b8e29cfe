import Glibc
public import StrataCore

extension StrataError.Code {
  /// The artifact is larger than the store takes.
  public static let artifactTooLarge = StrataError.Code(rawValue: "artifact_too_large")
  /// The store's file system, or its user's quota, is full, or would be left with less than its reserve.
  public static let insufficientStorage = StrataError.Code(rawValue: "insufficient_storage")
}

extension StrataError {
  static func artifactTooLarge(limit: Int) -> StrataError {
    StrataError(.artifactTooLarge, "the artifact is larger than the \(limit) bytes that the store takes")
  }

  static func artifactMissing(_ digest: ArtifactDigest) -> StrataError {
    StrataError(.notFound, "there is no artifact \(digest)")
  }

  static func reserveTouched(_ space: StorageSpace) -> StrataError {
    StrataError(.insufficientStorage, space.shortage, remedy: "free some space and try again")
  }

  /// - Parameter action: what was tried, as an infinitive.
  static func storage(_ action: String, errorNumber: Int32 = errno) -> StrataError {
    let reason = unsafe String(cString: strerror(errorNumber))
    return switch errorNumber {
    case ENOSPC, EDQUOT:
      StrataError(.insufficientStorage, "could not \(action): \(reason)", remedy: "free some space and try again")
    default: StrataError(.internalError, "could not \(action): \(reason)")
    }
  }
}
