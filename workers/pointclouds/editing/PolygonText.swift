import Glibc

/// Reads polygons as well-known text (OGC 06-103r4, 7.2).
struct PolygonText {
  private let bytes: [UInt8]
  private var place = 0

  init(_ text: String) { bytes = Array(text.utf8) }

  /// - Throws: `invalidParameter` naming the place.
  mutating func polygons() throws(PointCloudError) -> [[[SIMD2<Double>]]] {
    let kind = word()
    let tag = word()
    guard ["", "Z", "M", "ZM"].contains(tag) else { throw error("Z, M or a bracket") }
    let polygons: [[[SIMD2<Double>]]]
    switch kind {
    case "POLYGON": polygons = [try polygon()]
    case "MULTIPOLYGON": polygons = try list { (text) throws(PointCloudError) in try text.polygon() }
    default: throw error("POLYGON or MULTIPOLYGON")
    }
    guard next() == nil else { throw error("the end") }
    return polygons
  }

  private mutating func polygon() throws(PointCloudError) -> [[SIMD2<Double>]] {
    try list { (text) throws(PointCloudError) in
      try text.list { (text) throws(PointCloudError) in try text.position() }
    }
  }

  private mutating func list<Element>(
    _ element: (inout Self) throws(PointCloudError) -> Element
  ) throws(PointCloudError) -> [Element] {
    try expect("(")
    var elements = [try element(&self)]
    while next() == UInt8(ascii: ",") {
      place += 1
      elements.append(try element(&self))
    }
    try expect(")")
    return elements
  }

  private mutating func position() throws(PointCloudError) -> SIMD2<Double> {
    let position = SIMD2(try number(), try number())
    // Heights and measures.
    for _ in 0..<2 {
      guard let byte = next(), byte != UInt8(ascii: ","), byte != UInt8(ascii: ")") else { break }
      _ = try number()
    }
    return position
  }

  private mutating func number() throws(PointCloudError) -> Double {
    _ = next()
    let start = place
    while place < bytes.count, "+-.0123456789eE".utf8.contains(bytes[place]) { place += 1 }
    guard let value = Double(String(decoding: bytes[start..<place], as: UTF8.self)), value.isFinite else {
      place = start
      throw error("a number")
    }
    return value
  }

  private mutating func word() -> String {
    _ = next()
    let start = place
    while place < bytes.count, bytes[place] | 0x20 >= 0x61, bytes[place] | 0x20 <= 0x7A { place += 1 }
    return String(decoding: bytes[start..<place].map { $0 & ~0x20 }, as: UTF8.self)
  }

  /// The next byte that is no space; nil at the end.
  private mutating func next() -> UInt8? {
    while place < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[place]) { place += 1 }
    return place < bytes.count ? bytes[place] : nil
  }

  private mutating func expect(_ character: Unicode.Scalar) throws(PointCloudError) {
    guard next() == UInt8(ascii: character) else { throw error("'\(character)'") }
    place += 1
  }

  private func error(_ wanted: String) -> PointCloudError {
    let found = String(decoding: bytes.dropFirst(place).prefix(20), as: UTF8.self)
    return PointCloudError(
      .invalidParameter,
      "the polygon's text has \(found.isEmpty ? "its end" : "'\(found)'") at byte \(place), not \(wanted)",
      remedy: "Write it as POLYGON ((x y, x y, x y, x y)).")
  }
}
