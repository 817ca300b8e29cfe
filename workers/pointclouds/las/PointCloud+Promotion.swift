extension PointFormat {
  /// The least format that has all that this one has, and colours.
  public var withColor: PointFormat {
    colorOffset != nil ? self : [0: 2, 1: 3, 4: 5, 6: 7, 9: 10][number].flatMap(PointFormat.init) ?? self
  }

  /// The least format of the newer ones (6 and later) that has all that this one has.
  public var extended: PointFormat {
    isExtended ? self : [0: 6, 1: 6, 2: 7, 3: 7, 4: 9, 5: 10][number].flatMap(PointFormat.init) ?? self
  }

  /// Whether points of this format lose nothing in another.
  public func fits(_ other: PointFormat) -> Bool {
    func isKept(_ place: KeyPath<PointFormat, Int?>) -> Bool {
      self[keyPath: place] == nil || other[keyPath: place] != nil
    }
    return (other.isExtended || !isExtended) && isKept(\.timeOffset) && isKept(\.colorOffset)
      && isKept(\.infraredOffset) && isKept(\.wavePacketOffset)
  }

  /// The first minor version of LAS that has the format.
  var minorVersionMin: Int { number >= 6 ? 4 : number >= 4 ? 3 : number >= 2 ? 2 : 0 }
}

extension PointCloud {
  /// The cloud in another point format that has all that its own has; fields that are new are 0. The version of LAS is
  /// raised where the format needs it.
  ///
  /// From formats 0–5 to later ones, scan angles in degrees become steps of 0.006 degrees, rounded to the nearest, and
  /// points of class 12 also get the overlap flag, which stands in its place there.
  ///
  /// - Parameter wkt: the coordinate reference system as well-known text, added where a file that comes to one of the
  ///   formats 6–10 has it as GeoTIFF keys only; those are kept.
  /// - Throws: `unsupported` where something would be lost; `invalidParameter` for text above 64 KiB; `limitExceeded`
  ///   for records that get too long.
  public func promoted(to format: PointFormat, wkt: String? = nil, threads: Int = 1) throws(PointCloudError)
    -> PointCloud
  {
    guard format != self.format else { return self }
    let length = points.length - self.format.baseLength + format.baseLength
    guard self.format.fits(format) else {
      throw PointCloudError(
        .unsupported,
        "points of format \(self.format.number) would lose some of their fields in format \(format.number)",
        remedy: "Choose a format that has them: \(self.format.extended.number), for example.")
    }
    guard length <= UInt16.max else { throw .recordTooLong(length) }
    let promotion = Promotion(old: self.format, new: format, extraBytes: points.length - self.format.baseLength)
    let promoted = try unsafe points.made(count: count, length: length, threads: threads) { index, old, new in
      unsafe promotion.fill(new, from: old.record(index))
    }
    var records = records
    var bytes = headerRaised(to: format.minorVersionMin)
    bytes[104] = bytes[104] & 0xC0 | UInt8(format.number)
    bytes.put(UInt16(length), at: 105)
    let isNewer = format.isExtended && !self.format.isExtended
    if isNewer { try addText(wkt, to: &records, &bytes) }
    return try PointCloud(
      changing: self, points: promoted, headerBytes: bytes, records: records,
      isCounted: !isNewer && bytes[25] == headerBytes[25])
  }

  /// The header with the fields of a later version, all zero. What a file has after those of its own version stays
  /// behind them.
  private func headerRaised(to minorVersion: Int) -> [UInt8] {
    guard header.minorVersion < minorVersion else { return headerBytes }
    let (old, new) = (LASHeader.sizes[header.minorVersion], LASHeader.sizes[minorVersion])
    var bytes = Array(headerBytes[..<old] + [UInt8](repeating: 0, count: new - old) + headerBytes[old...])
    bytes[25] = UInt8(minorVersion)
    bytes.put(UInt16(bytes.count), at: 94)
    return bytes
  }

  /// Says in the header of one of the formats 6–10 that the coordinate system is well-known text, unless there are only
  /// GeoTIFF keys and no text for them.
  private func addText(
    _ wkt: String?, to records: inout [VariableLengthRecord], _ bytes: inout [UInt8]
  ) throws(PointCloudError) {
    func has(_ number: Int) -> Bool {
      (records + extendedRecords).contains {
        $0.userIdentifier == "LASF_Projection" && $0.recordIdentifier == number
      }
    }
    let (textNumber, keysNumber) = (2112, 34_735)
    if has(keysNumber) {
      guard let wkt, !header.usesWKT else { return }
      guard wkt.utf8.count < VariableLengthRecord.payloadMax else {
        throw PointCloudError(
          .invalidParameter, "the coordinate system takes more than \(VariableLengthRecord.payloadMax) bytes",
          remedy: "Give it in a shorter form.")
      }
      records.removeAll { $0.userIdentifier == "LASF_Projection" && $0.recordIdentifier == textNumber }
      records.append(
        VariableLengthRecord(
          userIdentifier: "LASF_Projection", recordIdentifier: textNumber, payload: Array(wkt.utf8) + [0]))
    }
    bytes[6] |= 0x10
  }
}

/// How a record of one format becomes one of another.
private struct Promotion {
  let old: PointFormat
  let new: PointFormat
  let extraBytes: Int

  func fill(_ target: UnsafeMutableRawPointer, from source: UnsafeRawPointer) {
    if old.isExtended == new.isExtended {
      unsafe target.copyMemory(from: source, byteCount: new.isExtended ? 22 : 20)
    } else {
      unsafe widen(target, source)
    }
    unsafe copy(target, source, old.timeOffset, new.timeOffset, 8)
    unsafe copy(target, source, old.colorOffset, new.colorOffset, 6)
    unsafe copy(target, source, old.infraredOffset, new.infraredOffset, 2)
    unsafe copy(target, source, old.wavePacketOffset, new.wavePacketOffset, 29)
    unsafe copy(target, source, old.baseLength, new.baseLength, extraBytes)
  }

  private func copy(
    _ target: UnsafeMutableRawPointer, _ source: UnsafeRawPointer, _ old: Int?, _ new: Int?, _ size: Int
  ) {
    guard let old, let new else { return }
    unsafe (target + new).copyMemory(from: source + old, byteCount: size)
  }

  /// The fields that formats 6–10 have elsewhere, or with more bits.
  private func widen(_ target: UnsafeMutableRawPointer, _ source: UnsafeRawPointer) {
    func byte(_ place: Int) -> UInt8 { unsafe source.load(fromByteOffset: place, as: UInt8.self) }
    func put(_ value: UInt8, _ place: Int) { unsafe target.storeBytes(of: value, toByteOffset: place, as: UInt8.self) }
    // Coordinates and intensity.
    unsafe target.copyMemory(from: source, byteCount: 14)
    let (returns, classes) = (byte(14), byte(15))
    put(returns & 7 | (returns >> 3 & 7) << 4, 14)
    let overlap: UInt8 = classes & 31 == 12 ? 8 : 0
    // Synthetic, key point, withheld and overlap; direction and edge of flight line keep their bits.
    put(classes >> 5 | overlap | returns & 0xC0, 15)
    put(classes & 31, 16)
    put(byte(17), 17)
    let degrees = Double(Int8(bitPattern: byte(16)))
    unsafe target.storeBytes(
      of: Int16((degrees / PointTable.degreesPerStep).rounded()), toByteOffset: 18, as: Int16.self)
    unsafe (target + 20).copyMemory(from: source + 18, byteCount: 2)
  }
}

extension PointCloudError {
  static func recordTooLong(_ length: Int) -> Self {
    Self(
      .limitExceeded, "each point would take \(length) bytes, more than the 65,535 that LAS has",
      remedy: "Leave out some of the extra dimensions.")
  }
}
