extension PointCloud {
  /// Integer coordinates along one axis: 0 is x, 1 is y, 2 is z. The coordinate is `offset + scale × integer`.
  public func integers(axis: Int, threads: Int = 1) -> [Int32] {
    points.column(at: 4 * axis, threads: threads) { (raw: Int32) in raw }
  }

  public func intensities(threads: Int = 1) -> [UInt16] {
    points.column(at: 12, threads: threads) { (raw: UInt16) in raw }
  }

  /// Classes, without the flags that share their byte in formats 0–3.
  public func classifications(threads: Int = 1) -> [UInt8] {
    let mask = format.classMask
    return points.column(at: format.classificationOffset, threads: threads) { (raw: UInt8) in raw & mask }
  }

  /// The number of each point's return, from 1; 0 where the file does not say.
  public func returnNumbers(threads: Int = 1) -> [UInt8] {
    let mask: UInt8 = format.isExtended ? 15 : 7
    return points.column(at: format.returnsOffset, threads: threads) { (raw: UInt8) in raw & mask }
  }

  /// How many returns each point's pulse had; 0 where the file does not say.
  public func returnCounts(threads: Int = 1) -> [UInt8] {
    let isExtended = format.isExtended
    return points.column(at: format.returnsOffset, threads: threads) { (raw: UInt8) in
      isExtended ? raw >> 4 : raw >> 3 & 7
    }
  }

  /// Seconds, in the file's own clock. Nil when the format has no time.
  public func times(threads: Int = 1) -> [Double]? {
    format.timeOffset.map { points.column(at: $0, threads: threads) { (raw: Double) in raw } }
  }

  /// Red, green and blue, 16 bits each. Nil when the format has no colour.
  public func colors(threads: Int = 1) -> [SIMD3<UInt16>]? {
    guard let offset = format.colorOffset else { return nil }
    let channels = (0..<3).map { channel in
      points.column(at: offset + 2 * channel, threads: threads) { (raw: UInt16) in raw }
    }
    return (0..<count).map { SIMD3(channels[0][$0], channels[1][$0], channels[2][$0]) }
  }
}
