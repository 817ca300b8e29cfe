import Numerics

/// The colours of ASPRS classes: those customary in viewers of LAS files, a little quieter, so that they print well.
public enum ClassColors {
  /// By class, red, green and blue (LAS 1.4 R15, table 17).
  public static let table: [UInt8: SIMD3<UInt8>] = [
    0: SIMD3(186, 186, 186), 1: SIMD3(170, 170, 170), 2: SIMD3(176, 132, 88), 3: SIMD3(168, 204, 104),
    4: SIMD3(104, 176, 76), 5: SIMD3(46, 132, 62), 6: SIMD3(222, 96, 78), 7: SIMD3(196, 40, 160),
    8: SIMD3(150, 150, 110), 9: SIMD3(72, 148, 214), 10: SIMD3(150, 92, 168), 11: SIMD3(112, 112, 120),
    12: SIMD3(206, 200, 150), 13: SIMD3(244, 214, 92), 14: SIMD3(250, 206, 48), 15: SIMD3(92, 90, 196),
    16: SIMD3(134, 130, 222), 17: SIMD3(204, 164, 116), 18: SIMD3(232, 60, 190), 19: SIMD3(120, 160, 176),
    20: SIMD3(140, 110, 84), 21: SIMD3(226, 238, 246), 22: SIMD3(208, 188, 132),
  ]

  /// Classes that have none, as those that clients define, take one by their number.
  public static func color(_ class: UInt8) -> SIMD3<UInt8> {
    if let known = table[`class`] { return known }
    let turn = UInt32(`class`) &* 2_654_435_769
    return SIMD3(UInt8(90 + (turn >> 8) % 140), UInt8(90 + (turn >> 16) % 140), UInt8(90 + (turn >> 24) % 140))
  }
}

/// What the numbers of a picture become.
struct PictureColors: Sendable {
  private let coloring: PictureParameters.Coloring
  private let low: Float
  private let span: Float
  private let tints: [SIMD3<Float>]
  private static let valuesMax = 1 << 17

  /// From low to high: deep blue by green and yellow to red and pale, as on maps of heights.
  private static let heights: [SIMD3<Float>] = [
    SIMD3(46, 72, 140), SIMD3(44, 124, 160), SIMD3(70, 166, 140), SIMD3(146, 198, 112), SIMD3(232, 218, 118),
    SIMD3(232, 158, 82), SIMD3(200, 92, 70), SIMD3(240, 222, 214),
  ]
  private static let greys: [SIMD3<Float>] = [SIMD3(28, 28, 32), SIMD3(134, 134, 138), SIMD3(250, 250, 248)]
  /// Equally bright steps apart as eyes see them.
  private static let values: [SIMD3<Float>] = [
    SIMD3(68, 30, 96), SIMD3(62, 88, 140), SIMD3(38, 144, 140), SIMD3(104, 196, 98), SIMD3(250, 230, 72),
  ]

  init(_ samples: PictureSamples, _ parameters: PictureParameters) {
    coloring = parameters.coloring
    tints =
      switch parameters.coloring {
      case .height: Self.heights
      case .intensity: Self.greys
      case .value, .classification, .color: Self.values
      }
    let isColor = parameters.coloring == .color
    if !isColor, let range = parameters.range {
      (low, span) = (Float(range.lowerBound), max(Float(range.upperBound - range.lowerBound), .leastNormalMagnitude))
      return
    }
    var values: [Float] = []
    var greatest = -Float.infinity
    var (seen, step) = (0, 1)
    for index in 0..<samples.count {
      let key = samples.keys[index]
      guard key != PictureSamples.none else { continue }
      let bits = PictureSamples.payload(key)
      let value = isColor ? SharedExponent.unpacked(bits).max() : Float(bitPattern: bits)
      greatest = max(greatest, value)
      if seen.isMultiple(of: step) { values.append(value) }
      seen += 1
      // Some ten thousand tell of all how they are spread: every other one is enough from here on.
      if values.count == Self.valuesMax {
        values = stride(from: 0, to: values.count, by: 2).map { values[$0] }
        step *= 2
      }
    }
    let sorted = values.sorted()
    guard let first = sorted.first, let last = sorted.last else {
      (low, span) = (0, 1)
      return
    }
    if isColor {
      // Colours of 8 bits are told by there being no greater ones; both become bright enough to be seen.
      let full: Float = greatest < 256 ? 255 : 65_535
      let bright = sorted[Int(Double(sorted.count - 1) * 0.998)]
      (low, span) = (0, min(full, max(bright * 1.02, full / 1.8)))
    } else {
      let (least, most) = (sorted[(sorted.count - 1) / 50], sorted[(sorted.count - 1) * 49 / 50])
      (low, span) = most > least ? (least, most - least) : (first, max(last - first, 1))
    }
  }

  /// From 0 to 255 each.
  func color(_ bits: UInt32) -> SIMD3<Float> {
    switch coloring {
    case .color: return SharedExponent.unpacked(bits) / span * 255
    case .classification:
      let value = Float(bitPattern: bits)
      let color = ClassColors.color(UInt8(min(255, max(0, value))))
      return SIMD3(Float(color.x), Float(color.y), Float(color.z))
    case .height, .intensity, .value:
      let share = min(1, max(0, (Float(bitPattern: bits) - low) / span))
      let place = share * Float(tints.count - 1)
      let step = min(tints.count - 2, Int(place))
      return tints[step] + (tints[step + 1] - tints[step]) * (place - Float(step))
    }
  }
}
