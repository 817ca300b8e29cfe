import Numerics

/// An extra dimension with a value for each point, to be kept in the extra bytes of LAS.
public struct ExtraColumn: Hashable, Sendable {
  /// The values, in the type that they have in the file.
  public enum Values: Hashable, Sendable {
    case uint8([UInt8]), int8([Int8]), uint16([UInt16]), int16([Int16]), uint32([UInt32]), int32([Int32])
    case uint64([UInt64]), int64([Int64]), float32([Float]), float64([Double])
  }

  /// From 1 to 32 bytes of UTF-8, of which other programs read ASCII best.
  public var name: String
  /// Up to 32 bytes of UTF-8, for people.
  public var description: String
  public var values: Values

  public init(_ name: String, _ values: Values, description: String = "") {
    (self.name, self.description, self.values) = (name, description, values)
  }

  static let textMax = 32

  func check(count: Int) throws(PointCloudError) {
    precondition(values.count == count)
    for (what, text) in [("name", name), ("description", description)] {
      guard text.utf8.count <= Self.textMax, !text.utf8.contains(0), what == "description" || !text.isEmpty else {
        throw PointCloudError(
          .invalidParameter,
          "the extra dimension's \(what) '\(text.prefix(64))' does not take 1 to \(Self.textMax) bytes",
          remedy: "Choose another that does.")
      }
    }
  }
}

extension ExtraColumn.Values {
  var kind: NumberKind {
    switch self {
    case .uint8: .uint8
    case .int8: .int8
    case .uint16: .uint16
    case .int16: .int16
    case .uint32: .uint32
    case .int32: .int32
    case .uint64: .uint64
    case .int64: .int64
    case .float32: .float32
    case .float64: .float64
    }
  }

  public var count: Int {
    switch self {
    case .uint8(let values): values.count
    case .int8(let values): values.count
    case .uint16(let values): values.count
    case .int16(let values): values.count
    case .uint32(let values): values.count
    case .int32(let values): values.count
    case .uint64(let values): values.count
    case .int64(let values): values.count
    case .float32(let values): values.count
    case .float64(let values): values.count
    }
  }

  /// Writes the values into records at `offset`. The records' owner alone may.
  func write(to points: PointRecords, at offset: Int, threads: Int) {
    switch self {
    case .uint8(let values): Self.write(values, points, offset, threads)
    case .int8(let values): Self.write(values, points, offset, threads)
    case .uint16(let values): Self.write(values, points, offset, threads)
    case .int16(let values): Self.write(values, points, offset, threads)
    case .uint32(let values): Self.write(values, points, offset, threads)
    case .int32(let values): Self.write(values, points, offset, threads)
    case .uint64(let values): Self.write(values, points, offset, threads)
    case .int64(let values): Self.write(values, points, offset, threads)
    case .float32(let values): Self.write(values, points, offset, threads)
    case .float64(let values): Self.write(values, points, offset, threads)
    }
  }

  private static func write<Raw: BitwiseCopyable & Sendable>(
    _ values: [Raw], _ points: PointRecords, _ offset: Int, _ threads: Int
  ) {
    precondition(values.count == points.count && offset >= 0 && offset + MemoryLayout<Raw>.size <= points.length)
    let step = 1 << 16
    parallelFor((values.count + step - 1) / step, threads: max(1, threads)) { part in
      for index in part * step..<min(values.count, (part + 1) * step) {
        unsafe points.block.base.storeBytes(
          of: values[index], toByteOffset: points.start + index * points.length + offset, as: Raw.self)
      }
    }
  }
}

extension PointCloud {
  /// The names of the numbers that points have in their extra bytes, in order.
  public var extraNames: [String] { ExtraDimension.list(of: self).dimensions.map(\.name) }

  /// The values of an extra dimension, its scale and offset applied. Nil where there is none of this name.
  public func extraValues(named name: String, threads: Int = 1) -> [Double]? {
    guard let dimension = ExtraDimension.list(of: self).dimensions.first(where: { $0.name == name }) else { return nil }
    let reader = ByteReader(block: points.block)
    return parallelMap(count, threads: max(1, threads)) { index in
      let raw = dimension.kind.read(reader, at: points.start + index * points.length + dimension.offset)
      return dimension.isPlain ? raw : raw * dimension.scale + dimension.shift
    }
  }

  /// The cloud with more dimensions, appended to the extra bytes of each point and described in their record. Bytes
  /// that nothing described are then described as such.
  ///
  /// - Parameter isReplacing: whether a dimension of the same name and type is written over instead of refused.
  /// - Throws: `invalidParameter` for names that are empty, too long, there already or given twice; `limitExceeded` for
  ///   more dimensions than a record describes or more bytes than a point may have; `unsupported` where the file
  ///   describes its extra bytes in a way that cannot be continued.
  /// - Complexity: one pass for each column, on at most `threads` threads, and a copy of the points.
  public func adding(
    _ columns: [ExtraColumn], isReplacing: Bool = false, threads: Int = 1
  ) throws(PointCloudError) -> PointCloud {
    guard !columns.isEmpty else { return self }
    var layout = try ExtraLayout(self)
    var places: [Int] = []
    for column in columns {
      try column.check(count: count)
      places.append(try layout.place(column, isReplacing: isReplacing))
    }
    let (old, length) = (points.length, layout.recordLength)
    guard length <= UInt16.max else { throw .recordTooLong(length) }
    let made = try unsafe points.made(count: count, length: length, threads: threads) { index, points, new in
      unsafe new.copyMemory(from: points.record(index), byteCount: old)
    }
    for (column, place) in zip(columns, places) { column.values.write(to: made, at: place, threads: threads) }
    guard layout.isChanged else { return try PointCloud(changing: self, points: made) }
    let (records, extended) = try layout.records(of: self)
    var bytes = headerBytes
    bytes.put(UInt16(length), at: 105)
    return try PointCloud(
      changing: self, points: made, headerBytes: bytes, records: records, extendedRecords: extended)
  }
}

/// The extra bytes of a cloud while dimensions are added.
private struct ExtraLayout {
  private(set) var recordLength: Int
  private(set) var isChanged = false
  private let dimensions: [ExtraDimension]
  private var names: Set<String> = []
  private var payload: [UInt8]

  init(_ cloud: PointCloud) throws(PointCloudError) {
    recordLength = cloud.header.recordLength
    let description = ExtraDimension.list(of: cloud)
    dimensions = description.dimensions
    payload = Array(cloud.extraRecord?.payload ?? [])
    guard description.isWhole else {
      throw PointCloudError(
        .unsupported, "the file's record of extra bytes does not agree with its points or has types that are not known",
        remedy: "Write the file again with a program that knows its extra bytes, or without them.")
    }
    // What follows an entry that is cut off could not be found.
    payload.removeLast(payload.count % ExtraDimension.entryLength)
    names = Set(description.names)
    var undescribed = recordLength - description.end
    while undescribed > 0 {
      var entry = [UInt8](repeating: 0, count: ExtraDimension.entryLength)
      entry[3] = UInt8(min(255, undescribed))
      payload += entry
      undescribed -= Int(entry[3])
    }
  }

  /// Where in a record the column's numbers are to be.
  mutating func place(_ column: ExtraColumn, isReplacing: Bool) throws(PointCloudError) -> Int {
    let kind = column.values.kind
    guard names.insert(column.name).inserted else {
      if isReplacing, let old = dimensions.first(where: { $0.name == column.name }), old.kind == kind, old.isPlain {
        return old.offset
      }
      throw PointCloudError(
        .invalidParameter,
        "there is an extra dimension '\(column.name)' already\(isReplacing ? ", of another type" : "")",
        remedy: "Choose another name.")
    }
    let entry = ExtraDimension.entry(name: column.name, kind: kind, description: column.description)
    guard payload.count + entry.count <= VariableLengthRecord.payloadMax else {
      throw PointCloudError(
        .limitExceeded,
        "more than \(VariableLengthRecord.payloadMax / entry.count) extra dimensions are more than a record describes",
        remedy: "Leave out some of them.")
    }
    payload += entry
    isChanged = true
    defer { recordLength += kind.size }
    return recordLength
  }

  /// The records of the cloud with that of its extra bytes replaced where it is, or added.
  func records(
    of cloud: PointCloud
  ) throws(PointCloudError) -> ([VariableLengthRecord], [VariableLengthRecord]) {
    var (records, extended) = (cloud.records, cloud.extendedRecords)
    if let index = records.firstIndex(where: \.describesExtraBytes) {
      records[index] = records[index].replacingPayload(payload)
    } else if let index = extended.firstIndex(where: \.describesExtraBytes) {
      extended[index] = extended[index].replacingPayload(payload)
    } else {
      records.append(
        VariableLengthRecord(
          userIdentifier: "LASF_Spec", recordIdentifier: ExtraDimension.recordIdentifier, payload: payload))
    }
    return (records, extended)
  }
}
