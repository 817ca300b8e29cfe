import Numerics
import Synchronization

/// Makes up an airborne scan of hills, woods, villages, lakes, roads and power lines, with the truth about every point.
///
/// It serves demonstrations, tests and measurements where no real scan is at hand, and says in its header that it is
/// simulated. The same parameters give the same bytes, whatever the number of threads.
///
/// A scanner flies north and south in strips that overlap, and sweeps east and west. Pulses are slanted to the sides, so
/// that walls are seen now and then. A pulse comes back from up to five places: leaves, wires, and the first solid
/// thing. Classes are those of LAS 1.4: ground 2, low, medium and high plants 3, 4, 5 (by their height above the ground: up to
/// 0.5 m, 2 m, more), building 6, low noise 7, water 9, road 11, wire 14, pylon 15, high noise 18.
public struct ScanSimulator: Sendable {
  public let parameters: SimulationParameters

  public init(_ parameters: SimulationParameters) { self.parameters = parameters }

  /// A small dry scan in LAS 1.2, format 1, without noise: hills, houses and trees.
  ///
  /// - Parameter points: how many points to make, at least 1.
  public init(seed: UInt64, points: Int) {
    parameters = SimulationParameters(
      seed: seed, extent: .points(max(1, points)), highNoiseRate: 0, lowNoiseRate: 0, pointFormat: 1, hasWater: false,
      hasPowerLines: false, hasRoads: false)
  }

  static let systemIdentifier = "SIMULATED"
  static let software = "Strata ScanSimulator"
  private static let wkt = #"LOCAL_CS["Simulated site",UNIT["metre",1]]"#

  /// Writes the scan as LAS or LAZ. The file appears under its name once it is complete.
  ///
  /// - Parameters:
  ///   - threads: the most threads that scan and compress, the caller's own among them.
  ///   - keepGoing: told on the caller's thread the share that is done, about; false ends the work with `cancelled`,
  ///     and nothing is left behind.
  /// - Throws: `invalidParameter`; `fileAccess`; `cancelled`; `limitExceeded` for more points than LAS 1.2 can count.
  /// - Complexity: O(points). Memory: some 10 MB for each thread, whatever the number of points.
  @discardableResult
  public func write(
    path: String, threads: Int = 1, keepGoing: (Double) -> Bool = { _ in true }
  ) throws(PointCloudError) -> SimulationSummary {
    try parameters.validate()
    var writer = try StreamWriter(path: path, frame: frame(), isCompressed: parameters.isCompressed, threads: threads)
    var counter = SimulationCounter()
    try scan(threads: threads, keepGoing: keepGoing) { (result, share) throws(PointCloudError) in
      counter.add(result)
      try writer.append(result.records) { keepGoing(share) }
    }
    let header = try writer.finish { keepGoing(1) }
    return counter.summary(header)
  }

  /// The scan in memory, in the format that is asked for.
  ///
  /// - Throws: `invalidParameter`; `limitExceeded` where memory does not suffice.
  public func makeCloud() throws(PointCloudError) -> PointCloud {
    try parameters.validate()
    let frame = try frame()
    var records: [UInt8] = []
    try scan(threads: 1, keepGoing: { _ in true }) { (result, _) in records += result.records }
    let (header, prefix) = try frame.prefix(nil)
    let points = PointRecords(
      block: try ByteBlock(copying: records), start: 0, length: header.recordLength,
      count: records.count / header.recordLength)
    let counted = Recount(points, header.pointFormat).applied(to: header, prefix)
    return try PointCloud.read(bytes: counted.bytes + records)
  }

  /// The points, in the order in which the scanner sees them.
  ///
  /// - Throws: as `makeCloud`.
  public func makePoints() throws(PointCloudError) -> [NewPoint] {
    let cloud = try makeCloud()
    let (scale, offset) = (cloud.header.scale, cloud.header.offset)
    let (x, y, z) = (cloud.integers(axis: 0), cloud.integers(axis: 1), cloud.integers(axis: 2))
    let (intensities, classes, times) = (cloud.intensities(), cloud.classifications(), cloud.times())
    let (numbers, counts) = (cloud.returnNumbers(), cloud.returnCounts())
    return (0..<cloud.count).map { index in
      NewPoint(
        x: offset.x + scale.x * Double(x[index]), y: offset.y + scale.y * Double(y[index]),
        z: offset.z + scale.z * Double(z[index]), intensity: intensities[index], returnNumber: Int(numbers[index]),
        returnCount: Int(counts[index]), classification: classes[index], time: times?[index] ?? 0)
    }
  }

  private func format() throws(PointCloudError) -> PointFormat {
    guard let format = PointFormat(number: parameters.pointFormat) else {
      throw PointCloudError(.invalidParameter, "there is no such point format", remedy: "Choose 0 to 3 or 6 to 8.")
    }
    return format
  }

  private func frame() throws(PointCloudError) -> LASFrame {
    let (format, scale) = (try format(), RecordLayout.scale)
    return try LASFrame(
      minorVersion: format.isExtended ? 4 : 2, format: format, scale: Vector3(x: scale, y: scale, z: scale),
      offset: Vector3(x: 0, y: 0, z: 0), systemIdentifier: Self.systemIdentifier, generatingSoftware: Self.software,
      records: [
        VariableLengthRecord(
          userIdentifier: "LASF_Projection", recordIdentifier: 2112, payload: Array(Self.wkt.utf8) + [0])
      ])
  }

  /// Scans part after part, a few at the same time, and hands on what came of each, in order.
  private func scan(
    threads: Int, keepGoing: (Double) -> Bool,
    _ take: (PartScanner.Result, _ share: Double) throws(PointCloudError) -> Void
  ) throws(PointCloudError) {
    let scanner = PartScanner(parameters, try format())
    let parts = scanner.plan.parts
    var wanted = Int.max
    if case .points(let count) = parameters.extent { wanted = count }
    var (first, count) = (0, 0)
    while count < wanted, first < parts ?? .max {
      let share = parts.map { Double(first) / Double($0) } ?? Double(count) / Double(wanted)
      let turn = min(max(1, threads) * 2, (parts ?? .max) - first)
      let results = Mutex([PartScanner.Result?](repeating: nil, count: turn))
      let start = first
      let isComplete = parallelFor(turn, threads: threads, keepGoing: { _ in keepGoing(share) }) { index in
        let result = scanner.scan(start + index)
        results.withLock { $0[index] = result }
      }
      guard isComplete else { throw .cancelled }
      for case var result? in results.withLock({ $0 }) where count < wanted {
        if result.count > wanted - count { result = scanner.first(wanted - count, of: result) }
        count += result.count
        try take(result, share)
      }
      first += turn
    }
  }
}
