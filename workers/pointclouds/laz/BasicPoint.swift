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
