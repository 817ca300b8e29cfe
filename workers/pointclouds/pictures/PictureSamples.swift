import Numerics

/// The samples of a picture: for each the point that is seen there, or none.
///
/// A point is a number of its depth, as bits, and below them of what its colour is made from: the lesser number is the
/// nearer point.
struct PictureSamples: Sendable {
  let columns: Int
  let rows: Int
  let keys: SharedColumn<UInt64>

  static let none = UInt64.max

  init(columns: Int, rows: Int) {
    (self.columns, self.rows) = (columns, rows)
    keys = SharedColumn(repeating: Self.none, count: columns * rows)
  }

  var count: Int { columns * rows }

  static func key(depth: Float, payload: UInt32) -> UInt64 { UInt64(depth.bitPattern) << 32 | UInt64(payload) }
  static func depth(_ key: UInt64) -> Float { Float(bitPattern: UInt32(key >> 32)) }
  static func payload(_ key: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: key) }

  /// Does something for ranges of rows that together are all, about as many as `threads` like.
  ///
  /// - Parameter least: the fewest rows that are worth a range of their own.
  func forEachBand(threads: Int, least: Int, _ body: @Sendable (Range<Int>) -> Void) {
    let height = max(least, (rows + 4 * threads - 1) / (4 * threads))
    parallelFor((rows + height - 1) / height, threads: threads) { part in
      body(part * height..<min(rows, (part + 1) * height))
    }
  }
}
