extension PointTable {
  /// What one step of an extended scan angle is, in degrees.
  static let degreesPerStep = 0.006

  /// All that a cloud's points have: coordinates as doubles, and each field that differs from what is usual anywhere.
  init(_ cloud: PointCloud, threads: Int) {
    let header = cloud.header
    let axes = [
      (header.scale.x, header.offset.x), (header.scale.y, header.offset.y), (header.scale.z, header.offset.z),
    ]
    for (axis, (scale, offset)) in axes.enumerated() {
      let values = cloud.integers(axis: axis, threads: threads).map { Double($0) * scale + offset }
      columns.append(
        Column(
          name: PointField.coordinates[axis].rawValue, kind: .float64, values: values,
          decimals: Self.decimals(scale, offset)))
    }
    addFields(cloud, threads)
    addExtras(cloud, threads)
    warnOfRounding()
    if cloud.hasFlags { warnings.append("flags of points (withheld, overlap, channel, direction, edge) are left out") }
    if cloud.format.wavePacketOffset != nil { warnings.append("waveforms are left out") }
    if cloud.records.contains(where: { $0.userIdentifier == "LASF_Projection" }) {
      warnings.append("the coordinate reference system is left out: the format has no place for it")
    }
  }

  /// How many decimals show every multiple of the scale; nil where none do.
  private static func decimals(_ scale: Double, _ offset: Double) -> Int? {
    (0...12).first { count in
      [scale, offset].allSatisfy { number in
        let moved = number * TextLines.powers[count]
        return abs(moved - moved.rounded()) < 1e-6 && abs(moved) < 0x1p50 && (number == 0 || moved.rounded() != 0)
      }
    }
  }

  private mutating func addFields(_ cloud: PointCloud, _ threads: Int) {
    func bytes(_ offset: Int) -> [Double] {
      cloud.points.column(at: offset, threads: threads) { (raw: UInt8) in Double(raw) }
    }
    func words(_ offset: Int) -> [Double] {
      cloud.points.column(at: offset, threads: threads) { (raw: UInt16) in Double(raw) }
    }
    let isExtended = cloud.format.isExtended
    add(.intensity, words(12))
    add(.returnNumber, cloud.returnNumbers(threads: threads).map(Double.init))
    add(.returnCount, cloud.returnCounts(threads: threads).map(Double.init))
    add(.classification, cloud.classifications(threads: threads).map(Double.init))
    if isExtended {
      add(
        .scanAngle,
        cloud.points.column(at: 18, threads: threads) { (raw: Int16) in Double(raw) * Self.degreesPerStep })
    } else {
      add(.scanAngle, cloud.points.column(at: 16, threads: threads) { (raw: Int8) in Double(raw) })
    }
    add(.userData, bytes(17))
    add(.source, words(isExtended ? 20 : 18))
    if let times = cloud.times(threads: threads) { add(.time, times) }
    if let place = cloud.format.colorOffset { addColors((0..<3).map { words(place + 2 * $0) }) }
    if let place = cloud.format.infraredOffset { add(.infrared, words(place)) }
  }

  private mutating func add(_ field: PointField, _ values: [Double], kind: NumberKind? = nil) {
    guard values.contains(where: { $0 != field.usual }) else { return }
    columns.append(Column(name: field.rawValue, kind: kind ?? field.kind, values: values))
  }

  /// Eight bits where that loses nothing, which is what other programs expect. All three channels, or none.
  private mutating func addColors(_ channels: [[Double]]) {
    guard channels.contains(where: { $0.contains { $0 != 0 } }) else { return }
    let isNarrow = channels.allSatisfy { $0.allSatisfy { $0.truncatingRemainder(dividingBy: 257) == 0 } }
    for (field, values) in zip(PointField.colors, channels) {
      columns.append(
        Column(
          name: field.rawValue, kind: isNarrow ? .uint8 : .uint16, values: isNarrow ? values.map { $0 / 257 } : values))
    }
  }

  /// Whether readers take a name for something else: a field of points, PCD's colours or padding, or a number, with which a first line is none of names.
  private static func meansElse(_ name: String) -> Bool {
    name.isEmpty || name == "_" || Double(name) != nil || PointField(name: name) != nil
      || ["rgb", "rgba"].contains(name.lowercased())
  }

  private mutating func addExtras(_ cloud: PointCloud, _ threads: Int) {
    let description = ExtraDimension.list(of: cloud)
    let dimensions = description.dimensions
    if description.otherBytes > 0 {
      warnings.append("\(description.otherBytes) extra bytes of each point, which nothing describes, are left out")
    }
    let reader = ByteReader(block: cloud.points.block)
    var names = Set(columns.map(\.name))
    for dimension in dimensions.prefix(Self.columnsMax - columns.count) {
      var name = String(dimension.name.map { $0.isLetter || $0.isNumber ? $0 : "_" })
      if Self.meansElse(name) { name = "extra_" + name }
      let first = name
      var number = 1
      while !names.insert(name).inserted {
        number += 1
        name = "\(first)_\(number)"
      }
      if name != dimension.name { warnings.append("the extra bytes '\(dimension.name)' are named '\(name)'") }
      let isPlain = dimension.isPlain
      let values = (0..<cloud.count).map { row in
        let raw = dimension.kind.read(reader, at: cloud.points.start + row * cloud.points.length + dimension.offset)
        return isPlain ? raw : raw * dimension.scale + dimension.shift
      }
      columns.append(Column(name: name, kind: isPlain ? dimension.kind : .float64, values: values))
    }
    if dimensions.count > Self.columnsMax - 16 {
      warnings.append("of \(dimensions.count) extra bytes not all are written")
    }
  }
}

extension PointCloud {
  /// Whether any point has a flag set that no column holds.
  fileprivate var hasFlags: Bool {
    let isExtended = format.isExtended
    let flags = points.column(at: 15, threads: 1) { (raw: UInt8) in isExtended ? raw : raw & 0xE0 }
    if flags.contains(where: { $0 != 0 }) { return true }
    return !isExtended && points.column(at: 14, threads: 1) { (raw: UInt8) in raw & 0xC0 }.contains { $0 != 0 }
  }
}
