/// The records of one layered chunk, and what its first layer says about each.
@safe struct LayeredPoints {
  let records: UnsafeMutableRawPointer
  let recordLength: Int
  let count: Int
  /// One per record, set by the first layer.
  let notes: UnsafeMutablePointer<PointNote>

  @inline(__always) func record(_ index: Int) -> UnsafeMutableRawPointer { unsafe records + index &* recordLength }
}

/// What the first layer says about a point and the others build on.
struct PointNote: BitwiseCopyable {
  /// What has changed since the last point of the same scanner channel: bits 0–1 the return's number, 2 the number of
  /// returns, 3 the scan angle, 4 the time, 5 the source; bit 6: the channel itself.
  var changes: UInt8 = 0
  /// The mean of the bits of the corrections of x and y: how well the point was predicted.
  var precision: UInt8 = 0
  /// Return number and number of returns, as in the record.
  var returns: UInt8 = 0

  var hasNewAngle: Bool { @inline(__always) get { changes & 8 != 0 } }
  var hasNewTime: Bool { @inline(__always) get { changes & 16 != 0 } }
  var hasNewSource: Bool { @inline(__always) get { changes & 32 != 0 } }
  var hasNewChannel: Bool { @inline(__always) get { changes & 64 != 0 } }

  var returnNumber: Int { @inline(__always) get { Int(returns & 15) } }
  var returnCount: Int { @inline(__always) get { Int(returns >> 4) } }
  var isSingle: Bool { @inline(__always) get { returnCount == 1 } }
  /// How many returns of the pulse lie below, at most 7.
  var level: Int { @inline(__always) get { min(7, abs(returnCount &- returnNumber)) } }
  /// 3 for the only return, 2 for the first, 1 for the last, 0 for one between.
  var position: Int {
    @inline(__always) get { (returnNumber == 1 ? 2 : 0) | (returnNumber >= returnCount ? 1 : 0) }
  }
}

/// The scanner channel in the second byte of flags.
enum ScannerChannel {
  static let count = 4
  static let offset = 15
  static let mask: UInt8 = 0x30

  @inline(__always) static func of(_ record: UnsafeRawPointer) -> Int {
    unsafe Int(record.load(fromByteOffset: offset, as: UInt8.self) >> 4 & 3)
  }
}

/// Which point each is predicted from: the last of the same scanner channel, or the last of all when the channel is new.
@safe struct Predecessors {
  private var lasts = unsafe InlineArray<4, UnsafeRawPointer?>(repeating: nil)
  private var current: Int
  /// LASzip's third version of the items beside the point goes on from the last point of the channel before, when it
  /// comes back to a channel. Version 4 does not, but files are still written in version 3.
  private let staysBehind: Bool

  init(_ first: UnsafeRawPointer, staysBehind: Bool) {
    current = unsafe ScannerChannel.of(first)
    self.staysBehind = staysBehind
    unsafe lasts[current] = unsafe first
  }

  /// The point before `record`, which is in `channel`, and whether it is the first in it.
  @inline(__always) mutating func next(
    _ record: UnsafeRawPointer, in channel: Int
  ) -> (last: UnsafeRawPointer, isFirst: Bool) {
    let before = current
    var source = channel
    var isFirst = false
    if channel != before {
      current = channel
      isFirst = unsafe lasts[channel] == nil
      if isFirst { unsafe lasts[channel] = unsafe lasts[before] } else if staysBehind { source = before }
    }
    let last = unsafe lasts[source].unsafelyUnwrapped
    unsafe lasts[source] = unsafe record
    return unsafe (last, isFirst)
  }
}
