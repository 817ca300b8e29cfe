/// A running approximation of the median of five (Isenburg 2013), as LASzip keeps it: alternately the largest and the
/// smallest of five values makes room for the newest.
struct StreamingMedian: BitwiseCopyable {
  private var v0: Int32 = 0
  private var v1: Int32 = 0
  private(set) var median: Int32 = 0
  private var v3: Int32 = 0
  private var v4: Int32 = 0
  private var dropsLargest = true

  /// The four values that stay are in order, and the new one takes its place among them. Without branches, as which way
  /// they would go cannot be foreseen.
  @inline(__always) mutating func add(_ value: Int32) {
    let shift: Int32 = dropsLargest ? 0 : -1
    let (a, b) = (v0 ^ (v0 ^ v1) & shift, v1 ^ (v1 ^ median) & shift)
    let (c, d) = (median ^ (median ^ v3) & shift, v3 ^ (v3 ^ v4) & shift)
    dropsLargest = dropsLargest ? value < median : value <= median
    v0 = min(a, value)
    v1 = max(a, min(b, value))
    median = max(b, min(c, value))
    v3 = max(c, min(d, value))
    v4 = max(d, value)
  }
}
