import CLinux
import Glibc

/// What a descriptor is watched for, or ready for: the bits of epoll(7).
public struct Readiness: OptionSet, Sendable {
  public let rawValue: UInt32
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let readable = Readiness(rawValue: EPOLLIN.rawValue)
  public static let writable = Readiness(rawValue: EPOLLOUT.rawValue)
  /// The peer has closed its writing half. Reported only where asked for.
  public static let peerClosed = Readiness(rawValue: EPOLLRDHUP.rawValue)
  /// Reported whether asked for or not.
  public static let failed = Readiness(rawValue: EPOLLERR.rawValue)
  /// Reported whether asked for or not.
  public static let hungUp = Readiness(rawValue: EPOLLHUP.rawValue)
}
