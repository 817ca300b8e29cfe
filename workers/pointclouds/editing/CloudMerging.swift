import Numerics

/// Several clouds as one.
public struct MergedCloud: Sendable {
  public let cloud: PointCloud
  /// How far a coordinate was moved at most to fit common steps, in the unit of the coordinates; 0 where all clouds had
  /// the same steps.
  public let largestRounding: Double
  public let warnings: [String]
}

extension PointCloud {
  /// The points of several clouds one after another, as they lay in them: all fields, point source identifiers among
  /// them, and extra bytes.
  ///
  /// - **Steps.** Where all clouds have the same scale and offset, integers stay as they are. Otherwise each axis has
  ///   the finest scale of all, and the offset of the first cloud with it; coordinates are rounded to that, and the
  ///   result says by how much. Where the clouds are too far apart for that scale, it is the finest power of ten times
  ///   it at which they fit, around their middle.
  /// - **Format.** The smallest that has all fields of all clouds; see `promoted`.
  /// - **Records** are those of the first cloud; those of the coordinate system and of extra bytes of the first that
  ///   has them.
  ///
  /// - Parameter keepGoing: asked before each cloud; once it answers false, the work ends.
  /// - Throws: `empty` without clouds; `unsupported` where two clouds, which are named by their places in the list from
  ///   0, have different coordinate systems, kinds of time or extra bytes, or where points have waveforms;
  ///   `limitExceeded` for too many points; `cancelled`.
  /// - Complexity: O(points), on at most `threads` threads; a copy of all points, twice that of the largest cloud in
  ///   between.
  public static func merging(
    _ clouds: [PointCloud], threads: Int = 1, keepGoing: () -> Bool = { true }
  ) throws(PointCloudError) -> MergedCloud {
    guard let first = clouds.first else {
      throw PointCloudError(.empty, "there is no cloud to merge", remedy: "Give at least one.")
    }
    guard clouds.count > 1 else { return MergedCloud(cloud: first, largestRounding: 0, warnings: []) }
    let plan = try MergePlan(clouds)
    let total = clouds.reduce(0) { $0 + $1.count }
    guard total <= Coordinates.countMax else {
      throw PointCloudError(
        .limitExceeded, "\(total) points are more than \(Coordinates.countMax)", remedy: "Merge fewer clouds.")
    }
    let length = plan.format.baseLength + plan.extraBytes
    let block = try ByteBlock(count: total * length)
    var (end, largest) = (0, 0.0)
    var header: PointCloud?
    for cloud in clouds {
      try proceed(keepGoing)
      let promoted = try cloud.promoted(to: plan.format, wkt: cloud.projectionText(), threads: threads)
      if header == nil { header = promoted }
      largest = max(largest, try plan.copy(promoted, to: block, from: end, length: length, threads: threads))
      end += cloud.count
    }
    let base = header ?? first
    let points = PointRecords(block: block, start: 0, length: length, count: total)
    let (bytes, records) = try plan.header(base, clouds, length: length)
    let cloud = try PointCloud(changing: base, points: points, headerBytes: bytes, records: records, isCounted: false)
    return MergedCloud(cloud: cloud, largestRounding: largest, warnings: plan.warnings)
  }

  /// Well-known text of the coordinate system, for a format that needs it; nil where it is unknown.
  func projectionText() throws(PointCloudError) -> String? {
    guard hasProjection else { return nil }
    return try coordinateSystem()?.wkt
  }

  var projectionRecords: [VariableLengthRecord] {
    (records + extendedRecords).filter {
      $0.userIdentifier == "LASF_Projection" || ($0.userIdentifier == "liblas" && $0.recordIdentifier == 2112)
    }
  }

  var hasProjection: Bool { !projectionRecords.isEmpty }

  var extraLength: Int { points.length - format.baseLength }
}
