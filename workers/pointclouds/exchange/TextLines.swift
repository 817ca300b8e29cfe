/// Goes through a file line by line, and through a line word by word, copying neither.
struct TextLines {
  let file: ByteReader
  /// Where the next line begins.
  private(set) var place: Int
  /// The number of the line given last, from 1.
  private(set) var number = 0
  /// The first line's end decides, so that binary data after a header may begin with any byte.
  private let separator: UInt8

  private static let (newline, carriageReturn) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))

  init(_ file: ByteReader, from place: Int = 0) {
    self.file = file
    self.place = place
    var end = place
    while end < file.count, file.byte(end) != Self.newline, file.byte(end) != Self.carriageReturn { end += 1 }
    let isLone =
      end < file.count && file.byte(end) == Self.carriageReturn
      && (end + 1 == file.count || file.byte(end + 1) != Self.newline)
    separator = isLone ? Self.carriageReturn : Self.newline
  }

  /// The next line without its end, nil after the last.
  mutating func next() -> Range<Int>? {
    guard place < file.count else { return nil }
    let start = place
    var end = start
    while end < file.count, file.byte(end) != separator { end += 1 }
    place = min(file.count, end + 1)
    number += 1
    if end > start, file.byte(end - 1) == Self.carriageReturn { end -= 1 }
    return start..<end
  }

  /// The words of a line, into `words`.
  /// - Parameter delimiter: what stands between two words; nil for any number of spaces and tabs.
  func split(_ line: Range<Int>, delimiter: UInt8?, into words: inout [Range<Int>]) {
    words.removeAll(keepingCapacity: true)
    var start = line.lowerBound
    for place in line.lowerBound...line.upperBound {
      guard place == line.upperBound || isEnd(place, delimiter) else { continue }
      let word = trimmed(start..<place)
      if delimiter != nil || !word.isEmpty { words.append(word) }
      start = place + 1
    }
    // A delimiter at the end of a line is followed by nothing.
    if delimiter != nil, words.last?.isEmpty == true { words.removeLast() }
  }

  /// The words, between spaces, of the next line that has any, into `words`.
  /// - Throws: `truncated` where there is none, saying what is missing.
  mutating func nextWords(
    into words: inout [Range<Int>], orMissing missing: @autoclosure () -> String
  ) throws(PointCloudError) {
    repeat {
      guard let line = next() else {
        throw PointCloudError(
          .truncated, "line \(number) is the last, and \(missing()) are missing",
          remedy: PointCloudError.damagedFileRemedy, offset: place)
      }
      split(line, delimiter: nil, into: &words)
    } while words.isEmpty
  }

  private func isEnd(_ place: Int, _ delimiter: UInt8?) -> Bool {
    let byte = file.byte(place)
    return delimiter.map { byte == $0 } ?? (byte == 0x20 || byte == 0x09)
  }

  private func trimmed(_ word: Range<Int>) -> Range<Int> {
    var (start, end) = (word.lowerBound, word.upperBound)
    while start < end, file.byte(start) <= 0x20 { start += 1 }
    while end > start, file.byte(end - 1) <= 0x20 { end -= 1 }
    return start..<end
  }

  func text(_ word: Range<Int>) -> String { String(decoding: file.bytes(word), as: UTF8.self) }

  /// The words of a line as text, between spaces.
  func words(_ line: Range<Int>) -> [String] {
    var words: [Range<Int>] = []
    split(line, delimiter: nil, into: &words)
    return words.map(text)
  }

  /// The word as a number, to the last bit; nil where it is none. `nan` and `inf` are numbers.
  func value(_ word: Range<Int>) -> Double? {
    var (place, digits, decimals) = (word.lowerBound, UInt64(0), 0)
    var (hasDigit, hasPoint) = (false, false)
    let isNegative = !word.isEmpty && file.byte(place) == UInt8(ascii: "-")
    if isNegative { place += 1 }
    while place < word.upperBound {
      let byte = file.byte(place)
      if byte == UInt8(ascii: "."), !hasPoint {
        hasPoint = true
      } else if byte >= 0x30, byte <= 0x39, digits < Self.digitsMax {
        digits = digits * 10 + UInt64(byte - 0x30)
        hasDigit = true
        if hasPoint { decimals += 1 }
      } else {
        return Double(text(word))
      }
      place += 1
    }
    // Both numbers are exact, so that their quotient is rounded once (Clinger 1990).
    guard hasDigit, decimals < Self.powers.count else { return hasDigit ? Double(text(word)) : nil }
    let value = Double(digits) / Self.powers[decimals]
    return isNegative ? -value : value
  }

  /// One digit more still makes a whole number that a double holds exactly.
  private static let digitsMax: UInt64 = (1 << 53) / 10 - 1

  /// Powers of ten that a double holds exactly.
  static let powers: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
  ]

  /// The line at fault, with what stands there.
  func fault(_ what: String, _ word: Range<Int>? = nil) -> PointCloudError {
    let shown = word.map { word in
      let bytes = file.bytes(word.prefix(24)).map { $0 > 0x20 && $0 < 0x7F ? $0 : 0x3F }
      return "'\(String(decoding: bytes, as: UTF8.self))' "
    }
    return .corrupt("line \(number): \(shown ?? "")\(what)", at: word?.lowerBound ?? place)
  }
}

extension ByteReader {
  /// One byte, which lies within the file.
  @inline(__always) func byte(_ place: Int) -> UInt8 { number(at: place) }
}
