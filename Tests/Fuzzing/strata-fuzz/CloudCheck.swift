import PointClouds

/// LAS and LAZ: read strictly and with salvaging, on one thread and two, written and read again, and edited.
struct CloudCheck {
  private let las: String
  private let laz: String

  init(_ scratch: Scratch) { (las, laz) = (scratch("a.las"), scratch("a.laz")) }

  /// Lower than what is usual, so that a second has many tries; `make fuzz` replays what it has kept with the usual ones.
  static let limits = ReadLimits(expandedBytesAlwaysAllowed: 2 << 20)
  /// Larger clouds are read, and no more.
  private static let bytesMax = 1 << 18

  typealias Outcome = Result<PointCloud, PointCloudError>

  func callAsFunction(_ file: [UInt8]) {
    let (strict, salvaged) = (read(file), read(file, isSalvaging: true))
    checkSalvage(of: file, strict, salvaged)
    guard case .success(let cloud) = salvaged else { return }
    if cloud.chunkCount > 1 || !cloud.losses.isEmpty { checkThreads(file, strict, cloud) }
    guard cloud.count * cloud.header.recordLength <= Self.bytesMax else { return }
    // One of these each time, by the bytes: they take longer than the reading.
    let hash = file.reduce(into: UInt32(1)) { $0 = $0 &* 31 &+ UInt32($1) }
    switch hash >> 8 % 4 {
    case 0: checkWriting(cloud, to: las, isCompressed: false)
    case 1: checkWriting(cloud, to: laz, isCompressed: true)
    case 2: checkEditing(cloud)
    default: if case .success(let whole) = strict, whole.chunkCount > 0 { checkFields(file, whole) }
    }
  }

  private func read(
    _ file: [UInt8], fields: PointFields = .all, threads: Int = 1, isSalvaging: Bool = false
  ) -> Outcome {
    Result { () throws(PointCloudError) in
      try PointCloud.read(
        bytes: file, fields: fields, threads: threads, limits: Self.limits, isSalvaging: isSalvaging)
    }
  }

  private func checkSalvage(of file: [UInt8], _ strict: Outcome, _ salvaged: Outcome) {
    if case .success(let whole) = strict {
      require(whole.losses.isEmpty && whole.count == Self.announced(file), "a cloud has all points that are announced")
      guard case .success(let same) = salvaged else { broken("what can be read can be salvaged") }
      require(
        same.losses.isEmpty && same.recordBytes == whole.recordBytes, "what can be read loses nothing when salvaged")
    }
    guard case .success(let rest) = salvaged else { return }
    let lost = rest.losses.map(\.points)
    require(
      rest.count + lost.reduce(0) { $0 + $1.count } == Self.announced(file), "points and losses are what is announced")
    require(
      zip(lost, lost.dropFirst()).allSatisfy { $0.upperBound <= $1.lowerBound }, "losses follow one another: \(lost)")
    require(Int(rest.header.pointCount) == rest.count, "the header of what was salvaged counts its points")
  }

  private static func announced(_ file: [UInt8]) -> Int {
    let wide = file[25] >= 4 ? file.number(247, 8) : 0
    return Int(wide != 0 ? wide : file.number(107, 4))
  }

  private func checkThreads(_ file: [UInt8], _ strict: Outcome, _ salvaged: PointCloud) {
    guard case .success(let other) = read(file, threads: 2, isSalvaging: true) else {
      broken("two threads salvage what one does")
    }
    require(
      other.losses == salvaged.losses && other.recordBytes == salvaged.recordBytes, "two threads salvage what one does")
    switch (strict, read(file, threads: 2)) {
    case (.success(let one), .success(let two)):
      require(one.recordBytes == two.recordBytes, "two threads read what one does")
    case (.failure, .failure): break
    default: broken("two threads refuse what one does")
    }
  }

  /// What is asked for is the same, whatever else is.
  private func checkFields(_ file: [UInt8], _ whole: PointCloud) {
    guard case .success(let some) = read(file, fields: [.height, .classification]) else {
      broken("fewer fields can be read where all can")
    }
    require(
      (0..<3).allSatisfy { some.integers(axis: $0) == whole.integers(axis: $0) }
        && some.classifications() == whole.classifications() && some.returnNumbers() == whole.returnNumbers(),
      "fields do not depend on which others are read")
  }

  private func checkWriting(_ cloud: PointCloud, to path: String, isCompressed: Bool) {
    do throws(PointCloudError) {
      try cloud.write(path: path, isCompressed: isCompressed)
    } catch {
      return require(error.code == .limitExceeded, "what was read can be written: \(error)")
    }
    do throws(PointCloudError) {
      let copy = try PointCloud.read(path: path)
      require(copy.recordBytes == cloud.recordBytes, "what is written reads back, compressed: \(isCompressed)")
      require(
        copy.records == cloud.records && copy.extendedRecords == cloud.extendedRecords && copy.format == cloud.format,
        "records about the points are kept, compressed: \(isCompressed)")
    } catch { broken("what is written can be read, compressed: \(isCompressed): \(error)") }
  }

  private func checkEditing(_ cloud: PointCloud) {
    _ = (cloud.times(), cloud.colors(), cloud.intensities(), cloud.returnCounts())
    do throws(PointCloudError) {
      let half = try cloud.keeping(where: (0..<cloud.count).map { $0.isMultiple(of: 2) })
      require(half.count == (cloud.count + 1) / 2, "as many points are kept as are asked for")
      let named = try half.adding([ExtraColumn("Fuzz", .int32(half.integers(axis: 0)))])
      require(
        named.extraValues(named: "Fuzz") == half.integers(axis: 0).map(Double.init), "columns keep what they are given")
      try named.write(path: las)
      require(try PointCloud.read(path: las).recordBytes == named.recordBytes, "what was edited reads back")
    } catch {
      require(error.code != .corrupt && error.code != .fileAccess, "what was read can be edited: \(error)")
    }
    guard let format = PointFormat(number: 8), cloud.format.fits(format) else { return }
    do throws(PointCloudError) { _ = try cloud.promoted(to: format) } catch {
      require(error.code != .fileAccess, "\(error)")
    }
  }
}
