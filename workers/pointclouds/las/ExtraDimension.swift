/// A number that each point has in its extra bytes. LAS 1.4 R15, "Extra Bytes" record.
struct ExtraDimension {
  let name: String
  let kind: NumberKind
  /// Where it lies in a record.
  let offset: Int
  /// The number is `shift + scale × raw`.
  let scale: Double
  let shift: Double

  static let recordIdentifier = 4
  static let entryLength = 192
  private static let kinds: [NumberKind] = [
    .uint8, .int8, .uint16, .int16, .uint32, .int32, .uint64, .int64, .float32, .float64,
  ]

  /// What the cloud's record describes, and how many bytes of each point nothing describes as a number.
  static func list(of cloud: PointCloud) -> (dimensions: [ExtraDimension], otherBytes: Int) {
    var dimensions: [ExtraDimension] = []
    var place = cloud.format.baseLength
    let end = cloud.header.recordLength
    var others = 0
    let record = (cloud.records + cloud.extendedRecords).first {
      $0.userIdentifier == "LASF_Spec" && $0.recordIdentifier == recordIdentifier
    }
    let payload = Array(record?.payload ?? [])
    for start in stride(from: 0, to: payload.count - entryLength + 1, by: entryLength) {
      let (type, options) = (Int(payload[start + 2]), payload[start + 3])
      guard type > 0, type <= kinds.count else {
        // Type 0 is bytes of which the options are the count; others are deprecated and their size is not relied on.
        guard type == 0, place + Int(options) <= end else { break }
        (place, others) = (place + Int(options), others + Int(options))
        continue
      }
      let kind = kinds[type - 1]
      guard place + kind.size <= end else { break }
      func number(_ at: Int) -> Double { Double(bitPattern: payload.number(at: start + at)) }
      let name = String(decoding: payload[start + 4..<start + 36].prefix { $0 != 0 }, as: UTF8.self)
      dimensions.append(
        ExtraDimension(
          name: name, kind: kind, offset: place, scale: options & 8 != 0 ? number(112) : 1,
          shift: options & 16 != 0 ? number(136) : 0))
      place += kind.size
    }
    return (dimensions, others + end - place)
  }

  /// The record that describes columns in this order.
  static func record(of columns: [PointTable.Column]) -> VariableLengthRecord {
    var payload: [UInt8] = []
    for column in columns {
      var entry = [UInt8](repeating: 0, count: entryLength)
      entry[2] = UInt8((kinds.firstIndex(of: column.kind) ?? 0) + 1)
      entry.put(text: column.name, at: 4, length: 32)
      payload += entry
    }
    return VariableLengthRecord(userIdentifier: "LASF_Spec", recordIdentifier: recordIdentifier, payload: payload)
  }
}
