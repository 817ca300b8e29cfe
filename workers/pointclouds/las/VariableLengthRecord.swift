/// A variable length record, or an extended one: data about the cloud, such as its coordinate reference system.
public struct VariableLengthRecord: Hashable, Sendable {
  public let userIdentifier: String
  public let recordIdentifier: Int
  /// Whether it lies after the points, with a 64-bit length.
  public let isExtended: Bool
  /// The record as it lies in the file, header included, so that it can be kept to the last bit.
  let bytes: [UInt8]

  static let headerLength = 54
  static let extendedHeaderLength = 60

  public var payload: ArraySlice<UInt8> {
    bytes.dropFirst(isExtended ? Self.extendedHeaderLength : Self.headerLength)
  }

  /// The record by which LASzip says how the points are compressed.
  var isLASzip: Bool { userIdentifier == "laszip encoded" && recordIdentifier == 22_204 }

  /// Whether it describes how this file is stored, which is not so in another.
  var isAboutStorage: Bool { isLASzip || userIdentifier == "copc" }

  fileprivate init(_ file: ByteReader, _ range: Range<Int>, isExtended: Bool) {
    userIdentifier = file.text(range.lowerBound + 2..<range.lowerBound + 18)
    recordIdentifier = Int(file.number(at: range.lowerBound + 18, as: UInt16.self))
    self.isExtended = isExtended
    bytes = file.bytes(range)
  }

  /// A record says its length in 16 bits.
  static let payloadMax = 65_535

  /// A new record with `payload`, at most `payloadMax` bytes.
  init(userIdentifier: String, recordIdentifier: Int, payload: [UInt8]) {
    precondition(payload.count <= Self.payloadMax)
    self.userIdentifier = userIdentifier
    self.recordIdentifier = recordIdentifier
    isExtended = false
    let name = Array(userIdentifier.utf8.prefix(16))
    var bytes: [UInt8] = [0, 0] + name + [UInt8](repeating: 0, count: 16 - name.count)
    for value in [recordIdentifier, payload.count] { bytes += [UInt8(value & 0xFF), UInt8(value >> 8 & 0xFF)] }
    self.bytes = bytes + [UInt8](repeating: 0, count: 32) + payload
  }

  /// The record with another payload of at most `payloadMax` bytes, and all else as it was.
  func replacingPayload(_ payload: [UInt8]) -> VariableLengthRecord {
    precondition(payload.count <= Self.payloadMax)
    let length = isExtended ? Self.extendedHeaderLength : Self.headerLength
    var bytes = Array(bytes.prefix(length))
    if isExtended { bytes.put(UInt64(payload.count), at: 20) } else { bytes.put(UInt16(payload.count), at: 20) }
    return VariableLengthRecord(changing: self, bytes: bytes + payload)
  }

  private init(changing old: VariableLengthRecord, bytes: [UInt8]) {
    (userIdentifier, recordIdentifier, isExtended) = (old.userIdentifier, old.recordIdentifier, old.isExtended)
    self.bytes = bytes
  }
}

/// The records of a file, as far as they can be read: a damaged one costs itself and those after it, not the points.
struct RecordList {
  var records: [VariableLengthRecord] = []
  var extended: [VariableLengthRecord] = []
  /// What lies between the last record and the points.
  var gap: [UInt8] = []
  var warnings: [String] = []
  /// Which of the extended records has the samples of waveforms.
  var waveformIndex: Int?

  init() {}

  /// Only the records before the points.
  init(recordsOf file: ByteReader, _ header: LASHeader) { readRecords(file, header) }

  init(_ file: ByteReader, _ header: LASHeader) {
    readRecords(file, header)
    if header.extendedRecordCount > 0 { readExtended(file, header) }
    if header.waveformOffset != 0, waveformIndex == nil { readWaveforms(file, header) }
  }

  private mutating func readRecords(_ file: ByteReader, _ header: LASHeader) {
    var offset = header.headerSize
    for index in 0..<header.recordCount {
      guard let end = Self.recordEnd(file, offset, limit: header.pointDataOffset) else {
        warnings.append("record \(index) of \(header.recordCount) at byte \(offset) does not fit before the points")
        break
      }
      records.append(VariableLengthRecord(file, offset..<end, isExtended: false))
      offset = end
    }
    gap = file.bytes(offset..<header.pointDataOffset)
  }

  private static func recordEnd(_ file: ByteReader, _ offset: Int, limit: Int) -> Int? {
    guard offset + VariableLengthRecord.headerLength <= limit else { return nil }
    let end = offset + VariableLengthRecord.headerLength + Int(file.number(at: offset + 20, as: UInt16.self))
    return end <= limit ? end : nil
  }

  private mutating func readExtended(_ file: ByteReader, _ header: LASHeader) {
    var offset = header.extendedRecordsOffset
    for index in 0..<header.extendedRecordCount {
      guard offset >= UInt64(header.pointDataOffset), let end = Self.extendedEnd(file, offset) else {
        warnings.append("extended record \(index) of \(header.extendedRecordCount) does not fit in the file")
        break
      }
      if offset == header.waveformOffset { waveformIndex = extended.count }
      extended.append(VariableLengthRecord(file, Int(offset)..<end, isExtended: true))
      offset = UInt64(end)
    }
  }

  /// LAS 1.3 has one extended record, that of waveforms, and does not count it.
  private mutating func readWaveforms(_ file: ByteReader, _ header: LASHeader) {
    let offset = header.waveformOffset
    guard offset >= UInt64(header.pointDataOffset), let end = Self.extendedEnd(file, offset) else {
      warnings.append("the record of waveforms, said to be at byte \(offset), does not fit in the file")
      return
    }
    waveformIndex = extended.count
    extended.append(VariableLengthRecord(file, Int(offset)..<end, isExtended: true))
  }

  private static func extendedEnd(_ file: ByteReader, _ offset: UInt64) -> Int? {
    let headerLength = UInt64(VariableLengthRecord.extendedHeaderLength)
    guard file.has(headerLength, at: offset) else { return nil }
    let length: UInt64 = file.number(at: Int(offset) + 20)
    guard file.has(length, at: offset + headerLength) else { return nil }
    return Int(offset + headerLength + length)
  }
}
