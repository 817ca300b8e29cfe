/// How far an attempt is, as Redis keeps it: the fraction's IEEE 754 bits (all ones: none), then the stage.
struct ProgressNote {
  let fraction: Double?
  let stage: String?

  init(fraction: UInt64?, stage: String?) {
    // Whatever else may stand there is no fraction.
    self.fraction = fraction.map { Double(bitPattern: $0) }.flatMap { (0...1).contains($0) ? $0 : nil }
    self.stage = stage.flatMap { $0.isEmpty ? nil : $0 }
  }

  init(_ bytes: [UInt8]) {
    var reader = ByteReader(bytes)
    let fraction = reader.number(UInt64.self)
    self.init(fraction: fraction, stage: String(decoding: reader.remainder(), as: UTF8.self))
  }

  /// The bytes that say `fraction`, or that it stays as it was; what is not finite says nothing.
  static func bytes(of fraction: Double?) -> [UInt8] {
    guard let fraction, fraction.isFinite else { return [] }
    return min(max(fraction, 0), 1).bitPattern.bigEndianBytes
  }
}
