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

  /// Whether the number is `raw` itself.
  var isPlain: Bool { scale == 1 && shift == 0 }

  /// What the record of extra bytes says.
  struct Description {
    fileprivate(set) var dimensions: [ExtraDimension] = []
    /// Of all entries, those that are no numbers among them.
    fileprivate(set) var names: [String] = []
    /// Bytes of each point that nothing describes as a number.
    fileprivate(set) var otherBytes = 0
    /// Where in a record of a point that ends which entries are about.
    fileprivate(set) var end: Int
    /// Whether all entries were understood and fit the records.
    fileprivate(set) var isWhole = true
  }

  /// What the cloud's record describes, up to the first entry of an unknown type or past the end of the points' records.
  static func list(of cloud: PointCloud) -> Description {
    let payload = Array(cloud.extraRecord?.payload ?? [])
    let length = cloud.header.recordLength
    var list = Description(end: cloud.format.baseLength)
    for start in stride(from: 0, to: payload.count - entryLength + 1, by: entryLength) {
      let (type, options) = (Int(payload[start + 2]), payload[start + 3])
      guard let size = size(type: type, options: options), list.end + size <= length else {
        list.isWhole = false
        break
      }
      func number(_ at: Int) -> Double { Double(bitPattern: payload.number(at: start + at)) }
      let name = String(decoding: payload[start + 4..<start + 36].prefix { $0 != 0 }, as: UTF8.self)
      if (1...kinds.count).contains(type) {
        list.dimensions.append(
          ExtraDimension(
            name: name, kind: kinds[type - 1], offset: list.end, scale: options & 8 != 0 ? number(112) : 1,
            shift: options & 16 != 0 ? number(136) : 0))
      } else {
        list.otherBytes += size
      }
      list.names.append(name)
      list.end += size
    }
    list.otherBytes += length - list.end
    return list
  }

  /// The bytes of an entry's type. Type 0 is bytes of which the options are the count; 11–30 are two and three numbers,
  /// which LAS 1.4 R14 took out again.
  private static func size(type: Int, options: UInt8) -> Int? {
    guard type > 0 else { return Int(options) }
    guard type <= 3 * kinds.count else { return nil }
    return kinds[(type - 1) % kinds.count].size * ((type - 1) / kinds.count + 1)
  }

  /// The entry that describes one dimension.
  static func entry(name: String, kind: NumberKind, description: String = "") -> [UInt8] {
    var entry = [UInt8](repeating: 0, count: entryLength)
    entry[2] = UInt8((kinds.firstIndex(of: kind) ?? 0) + 1)
    entry.put(text: name, at: 4, length: 32)
    entry.put(text: description, at: 160, length: 32)
    return entry
  }

  /// The record that describes columns in this order.
  static func record(of columns: [PointTable.Column]) -> VariableLengthRecord {
    let payload = columns.flatMap { entry(name: $0.name, kind: $0.kind) }
    return VariableLengthRecord(userIdentifier: "LASF_Spec", recordIdentifier: recordIdentifier, payload: payload)
  }
}

extension VariableLengthRecord {
  var describesExtraBytes: Bool {
    userIdentifier == "LASF_Spec" && recordIdentifier == ExtraDimension.recordIdentifier
  }
}

extension PointCloud {
  /// The record that describes the extra bytes.
  var extraRecord: VariableLengthRecord? { (records + extendedRecords).first(where: \.describesExtraBytes) }
}
