/// How a number lies in a file.
enum NumberKind: Hashable, Sendable, CaseIterable {
  case int8, uint8, int16, uint16, int32, uint32, int64, uint64, float32, float64

  /// Bytes of one number.
  var size: Int {
    switch self {
    case .int8, .uint8: 1
    case .int16, .uint16: 2
    case .int32, .uint32, .float32: 4
    case .int64, .uint64, .float64: 8
    }
  }

  var isFloating: Bool { self == .float32 || self == .float64 }

  /// The number at `offset`, which lies within the file. Integers beyond 2^53 are rounded.
  func read(_ file: ByteReader, at offset: Int, isBigEndian: Bool = false) -> Double {
    func bits<Number: FixedWidthInteger>(_: Number.Type) -> Number {
      let number: Number = file.number(at: offset)
      return isBigEndian ? number.byteSwapped : number
    }
    return switch self {
    case .int8: Double(bits(Int8.self))
    case .uint8: Double(bits(UInt8.self))
    case .int16: Double(bits(Int16.self))
    case .uint16: Double(bits(UInt16.self))
    case .int32: Double(bits(Int32.self))
    case .uint32: Double(bits(UInt32.self))
    case .int64: Double(bits(Int64.self))
    case .uint64: Double(bits(UInt64.self))
    case .float32: Double(Float(bitPattern: bits(UInt32.self)))
    case .float64: Double(bitPattern: bits(UInt64.self))
    }
  }

  /// The number's bits, least significant byte first. What does not fit is moved to the nearest that does.
  func bits(of value: Double) -> UInt64 {
    func whole<Number: FixedWidthInteger>(_: Number.Type) -> UInt64 {
      if value.isNaN { return 0 }
      if value <= Double(Number.min) { return UInt64(truncatingIfNeeded: Number.min) }
      if value >= Double(Number.max) { return UInt64(truncatingIfNeeded: Number.max) }
      return UInt64(truncatingIfNeeded: Number(value.rounded()))
    }
    return switch self {
    case .int8: whole(Int8.self)
    case .uint8: whole(UInt8.self)
    case .int16: whole(Int16.self)
    case .uint16: whole(UInt16.self)
    case .int32: whole(Int32.self)
    case .uint32: whole(UInt32.self)
    case .int64: whole(Int64.self)
    case .uint64: whole(UInt64.self)
    case .float32: UInt64(Float(value).bitPattern)
    case .float64: value.bitPattern
    }
  }

  /// Appends the number, least significant byte first.
  func append(_ value: Double, to bytes: inout [UInt8]) {
    let bits = bits(of: value)
    for index in 0..<size { bytes.append(UInt8(truncatingIfNeeded: bits >> (8 * UInt64(index)))) }
  }
}
