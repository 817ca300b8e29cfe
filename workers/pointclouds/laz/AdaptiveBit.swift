/// An adaptive model of one bit, in four words of an arena: zeros seen, bits seen, probability of zero, and the
/// lengths of this and the next cycle of updates.
@safe struct AdaptiveBit {
  private let words: UnsafeMutablePointer<UInt32>

  static let lengthShift: UInt32 = 13
  static let wordCount = 5

  init(_ words: UnsafeMutablePointer<UInt32>) {
    unsafe self.words = words
    reset()
  }

  func reset() {
    unsafe words[0] = 1
    unsafe words[1] = 2
    unsafe words[2] = 1 << (Self.lengthShift - 1)
    unsafe words[3] = 4
    unsafe words[4] = 4
  }

  var zeroProbability: UInt32 { @inline(__always) get { unsafe words[2] } }

  @inline(__always) func count(_ isOne: Bool) {
    unsafe words[0] &+= isOne ? 0 : 1
    unsafe words[3] &-= 1
    if unsafe words[3] == 0 { update() }
  }

  private func update() {
    unsafe words[1] &+= words[4]
    if unsafe words[1] > 1 << Self.lengthShift {
      unsafe words[1] = (words[1] + 1) >> 1
      unsafe words[0] = (words[0] + 1) >> 1
      if unsafe words[0] == words[1] { unsafe words[1] += 1 }
    }
    let scale = unsafe 0x8000_0000 / words[1]
    unsafe words[2] = (words[0] &* scale) >> (31 - Self.lengthShift)
    unsafe words[4] = min(64, (5 * words[4]) >> 2)
    unsafe words[3] = words[4]
  }
}
