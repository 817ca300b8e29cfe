/// A running approximation of the median of five (Isenburg 2013), as LASzip keeps it: alternately the largest and the
/// smallest of five values makes room for the newest.
struct StreamingMedian: BitwiseCopyable {
  private var v0: Int32 = 0
  private var v1: Int32 = 0
  private(set) var median: Int32 = 0
  private var v3: Int32 = 0
  private var v4: Int32 = 0
  private var dropsLargest = true

  @inline(__always) mutating func add(_ value: Int32) {
    if dropsLargest { replaceLargest(value) } else { replaceSmallest(value) }
  }

  @inline(__always) private mutating func replaceLargest(_ value: Int32) {
    guard value < median else {
      if value < v3 { (v3, v4) = (value, v3) } else { v4 = value }
      dropsLargest = false
      return
    }
    (v3, v4) = (median, v3)
    if value < v0 {
      (v0, v1, median) = (value, v0, v1)
    } else if value < v1 {
      (v1, median) = (value, v1)
    } else {
      median = value
    }
  }

  @inline(__always) private mutating func replaceSmallest(_ value: Int32) {
    guard value > median else {
      if value > v1 { (v0, v1) = (v1, value) } else { v0 = value }
      dropsLargest = true
      return
    }
    (v0, v1) = (v1, median)
    if value > v4 {
      (median, v3, v4) = (v3, v4, value)
    } else if value > v3 {
      (median, v3) = (v3, value)
    } else {
      median = value
    }
  }
}
