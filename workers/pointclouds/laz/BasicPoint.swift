/// The twenty bytes that records of formats 0–3 begin with.
struct BasicPoint: BitwiseCopyable {
  var x: Int32 = 0
  var y: Int32 = 0
  var z: Int32 = 0
  var intensity: UInt16 = 0
  /// Return number, number of returns, scan direction, edge of flight line.
  var returns: UInt8 = 0
  var classification: UInt8 = 0
  var scanAngle: UInt8 = 0
  var userData: UInt8 = 0
  var source: UInt16 = 0

  var scanDirection: Int { @inline(__always) get { Int(returns >> 6 & 1) } }

  init() {}

  @inline(__always) init(_ bytes: UnsafeRawPointer) {
    self = unsafe bytes.loadUnaligned(as: BasicPoint.self)
  }

  @inline(__always) func store(_ bytes: UnsafeMutableRawPointer) {
    unsafe bytes.storeBytes(of: self, as: BasicPoint.self)
  }
}

/// The same bytes where they lie, read field by field: an encoder's next point, of no meaning to a decoder.
@safe struct GivenPoint {
  private let bytes: UnsafeRawPointer

  @inline(__always) init(_ bytes: UnsafeRawPointer) { unsafe self.bytes = bytes }

  @inline(__always) private func field<Field: BitwiseCopyable>(_ offset: Int, as type: Field.Type = Field.self) -> Field
  {
    unsafe bytes.loadUnaligned(fromByteOffset: offset, as: Field.self)
  }

  var x: Int32 { @inline(__always) get { field(0) } }
  var y: Int32 { @inline(__always) get { field(4) } }
  var z: Int32 { @inline(__always) get { field(8) } }
  var intensity: UInt16 { @inline(__always) get { field(12) } }
  var returns: UInt8 { @inline(__always) get { field(14) } }
  var classification: UInt8 { @inline(__always) get { field(15) } }
  var scanAngle: UInt8 { @inline(__always) get { field(16) } }
  var userData: UInt8 { @inline(__always) get { field(17) } }
  var source: UInt16 { @inline(__always) get { field(18) } }
}
