/// Bytes of which few differ, such as classes, in as many bits for each as tell those apart: 0, 1, 2, 4 or 8.
enum PackedBytes {
  /// The number of different values, those, and the number of each byte's value, from the lowest bit of each packed byte on.
  static func append(_ values: [UInt8], to bytes: inout [UInt8]) {
    var isThere = [Bool](repeating: false, count: 256)
    for value in values { isThere[Int(value)] = true }
    let known = (0..<256).filter { isThere[$0] }.map { UInt8($0) }
    bytes.append(UInt16(known.count))
    bytes += known
    let bits = bits(of: known.count)
    guard bits > 0 else { return }
    var numbers = [UInt8](repeating: 0, count: 256)
    for (number, value) in known.enumerated() { numbers[Int(value)] = UInt8(number) }
    let perByte = 8 / bits
    bytes.reserveCapacity(bytes.count + values.count / perByte + 1)
    for start in stride(from: 0, to: values.count, by: perByte) {
      var packed: UInt8 = 0
      for place in start..<min(start + perByte, values.count) {
        packed |= numbers[Int(values[place])] << UInt8(bits * (place - start))
      }
      bytes.append(packed)
    }
  }

  /// - Parameter count: how many values there are.
  /// - Throws: `corrupt`, naming the place.
  static func read(_ count: Int, from bytes: inout FindingReader) throws(PointCloudError) -> [UInt8] {
    let number = Int(try bytes.number(UInt16.self))
    guard number <= 256, number > 0 || count == 0 else { throw bytes.corrupt("\(number) different values") }
    let known = try bytes.bytes(number)
    let bits = bits(of: number)
    guard bits > 0 else { return [UInt8](repeating: known.first ?? 0, count: count) }
    let perByte = 8 / bits
    let packed = try bytes.bytes((count + perByte - 1) / perByte)
    let mask = UInt8((1 << bits) - 1)
    var values = [UInt8](repeating: 0, count: count)
    for place in values.indices {
      let index = Int(packed[place / perByte] >> UInt8(bits * (place % perByte)) & mask)
      guard index < known.count else { throw bytes.corrupt("a value that is none of the \(number)") }
      values[place] = known[index]
    }
    return values
  }

  private static func bits(of values: Int) -> Int {
    switch values {
    case ...1: 0
    case 2: 1
    case ...4: 2
    case ...16: 4
    default: 8
    }
  }
}

extension [UInt8] {
  mutating func append(floats: [Float]) {
    reserveCapacity(count + 4 * floats.count)
    for value in floats { append(value.bitPattern) }
  }
}
