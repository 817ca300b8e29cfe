import Glibc
public import StrataCore

extension StrataError {
  /// What the operating system refused, with its own words for why.
  ///
  /// - Parameters:
  ///   - action: what was tried, as an infinitive: "open /x/y".
  ///   - errorNumber: an errno(3) value; the calling thread's by default.
  public static func system(_ action: String, errorNumber: Int32? = nil, remedy: String? = nil) -> StrataError {
    let reason = unsafe String(cString: strerror(errorNumber ?? errno))
    return StrataError(.internalError, "could not \(action): \(reason)", remedy: remedy)
  }
}
