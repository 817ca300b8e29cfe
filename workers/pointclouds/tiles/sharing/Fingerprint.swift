/// Tells contents apart that differ by chance; no guard against those who want two to be alike.
///
/// FNV-1a (Fowler, Noll, Vo) over words of eight bytes. After each, the upper half is folded into the lower, as products carry upward alone.
package struct Fingerprint: Sendable {
  private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

  @inline(__always) mutating func add(_ word: UInt64) {
    value = (value ^ word) &* 0x100_0000_01B3
    value ^= value >> 32
  }

  /// What is kept of a point, but for its place in the file.
  @inline(__always) mutating func add(_ point: StoredPoint) {
    add(UInt64(UInt32(bitPattern: point.x)) | UInt64(UInt32(bitPattern: point.y)) << 32)
    let kind = UInt64(point.classification) | UInt64(point.returns.number | point.returns.count << 4) << 8
    add(UInt64(UInt32(bitPattern: point.z)) | UInt64(point.intensity) << 32 | kind << 48)
  }

  mutating func add(_ number: Double) { add(number.bitPattern) }

  /// - Complexity: O(bytes), about one cycle for each.
  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    let words = bytes.count / 8
    for word in 0..<words {
      add(unsafe UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * word, as: UInt64.self)))
    }
    var rest = UInt64(bytes.count)
    for place in 8 * words..<bytes.count { unsafe rest = rest << 8 | UInt64(bytes[place]) }
    add(rest)
  }

  package static func of(_ bytes: [UInt8]) -> UInt64 {
    var fingerprint = Fingerprint()
    unsafe bytes.withUnsafeBytes { unsafe fingerprint.add($0) }
    return fingerprint.value
  }
}
