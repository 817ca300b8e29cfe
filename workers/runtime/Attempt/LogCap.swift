/// Lets the first bytes of a log through and says once that there were more.
package struct LogCap: Sendable {
  private let limit: Int
  private var kept = 0
  private var isMarked = false

  package init(limit: Int) { self.limit = limit }

  /// The part of `bytes` to keep, with the marker after the last byte that fits.
  package mutating func admit(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    let part = bytes.prefix(limit - kept)
    kept += part.count
    guard part.count < bytes.count, !isMarked else { return Array(part) }
    isMarked = true
    return part + Array("\n[strata: the log was cut here: it reached its limit of \(limit) bytes]\n".utf8)
  }
}
