import Foundation
import StrataQueue

/// Cuts what a connection to Redis carries (RESP version 2) into its commands or replies, as the bytes come.
struct RedisWire {
  private var bytes: [UInt8] = []

  /// - Returns: the values that are complete now, in order.
  mutating func receive(_ more: ArraySlice<UInt8>) -> [RedisValue] {
    bytes += more
    var (values, start) = ([RedisValue](), 0)
    var end = start
    while let value = value(at: &end) {
      values.append(value)
      start = end
    }
    bytes.removeFirst(start)
    return values
  }

  /// Moves `place` behind the value that begins there; nil where it is not complete.
  private func value(at place: inout Int) -> RedisValue? {
    guard let line = line(at: &place), let kind = line.first else { return nil }
    let text = String(decoding: line.dropFirst(), as: UTF8.self)
    switch kind {
    case UInt8(ascii: "+"): return .bytes(Array(line.dropFirst()))
    case UInt8(ascii: "-"): return .error(text)
    case UInt8(ascii: ":"): return .integer(Int64(text) ?? 0)
    case UInt8(ascii: "$"):
      guard let count = Int(text), count >= 0 else { return RedisValue.none }
      guard place + count + 2 <= bytes.count else { return nil }
      defer { place += count + 2 }
      return .bytes(Array(bytes[place..<place + count]))
    default:
      guard let count = Int(text), count >= 0 else { return RedisValue.none }
      var elements: [RedisValue] = []
      for _ in 0..<count {
        guard let element = value(at: &place) else { return nil }
        elements.append(element)
      }
      return .array(elements)
    }
  }

  private func line(at place: inout Int) -> ArraySlice<UInt8>? {
    guard let end = bytes[place...].firstIndex(of: 0x0D), end + 1 < bytes.count else { return nil }
    defer { place = end + 2 }
    return bytes[place..<end]
  }
}

extension RedisValue {
  /// Its parts that have none, each with the way to it.
  var leaves: [(path: [Int], value: RedisValue)] {
    guard case .array(let elements) = self else { return [([], self)] }
    return elements.enumerated().flatMap { place, element in
      element.leaves.map { ([place] + $0.path, $0.value) }
    }
  }

  subscript(path: ArraySlice<Int>) -> RedisValue? {
    guard let first = path.first else { return self }
    guard case .array(let elements) = self, elements.indices.contains(first) else { return nil }
    return elements[first][path.dropFirst()]
  }
}
