import Glibc
import Numerics

/// A cloud in another coordinate system.
public struct ReprojectedCloud: Sendable {
  public let cloud: PointCloud
  public let source: CoordinateSystem
  public let target: CoordinateSystem
  /// Half a step of the new coordinates along x and y, in metres (degrees counted at the equator): so far rounding
  /// moves a point at most. More than half a step of the old ones only where finer steps do not fit 32 bits.
  public let roundingMetres: Double
  public let warnings: [String]
}

extension PointCloud {
  /// The cloud in another coordinate system, transformed by PROJ.
  ///
  /// New steps are the largest power of ten that is no more than the old ones; degrees are counted as 111.32 km. The
  /// target becomes the file's coordinate system as well-known text (in LAS before 1.4, too, as it has no other record
  /// for all of them). Heights stay as they are unless both systems are compound ones: datums of heights are not
  /// changed by a horizontal system.
  ///
  /// - Parameters:
  ///   - target: see `CoordinateSystem.init(definition:)`.
  ///   - source: nil for that of the file.
  ///   - keepGoing: asked every 65,536 points; once it answers false, the work ends.
  /// - Throws: `unsupported` where the source is not known; `raster` where PROJ knows no way; `invalidParameter` naming
  ///   the first point that has no place in the target; `cancelled`.
  /// - Complexity: O(points), on at most `threads` threads, which do not change the result; 100 bytes for each point
  ///   beside the copy.
  public func reprojected(
    to target: CoordinateSystem, from source: CoordinateSystem? = nil, threads: Int = 1,
    keepGoing: () -> Bool = { true }
  ) throws(PointCloudError) -> ReprojectedCloud {
    var known = source
    if known == nil { known = try coordinateSystem() }
    guard let source = known else {
      throw PointCloudError(
        .unsupported, "the file does not say its coordinate system", remedy: "State the system that it is in.")
    }
    let way = Reprojection(source: source, target: target)
    let places = try coordinates(threads: threads)
    let moved = try way.transformed(places, threads: threads, keepGoing: keepGoing)
    let steps = NewSteps(header, moved, source, target, hasHeights: way.hasHeights)
    let cloud = try setting(coordinates: moved, scale: steps.scale, offset: steps.offset, threads: threads)
    var warnings: [String] = []
    if source.metresPerVerticalUnit != nil || target.metresPerVerticalUnit != nil, !way.hasHeights {
      warnings.append("heights are as they were: one of the two coordinate systems does not say what heights are")
    }
    return ReprojectedCloud(
      cloud: try cloud.saying(target), source: source, target: target,
      roundingMetres: max(steps.scale.x, steps.scale.y) / 2 * NewSteps.metres(target), warnings: warnings)
  }

  /// The cloud with another coordinate system in its records; points stay as they are.
  func saying(_ system: CoordinateSystem) throws(PointCloudError) -> PointCloud {
    func isProjection(_ record: VariableLengthRecord) -> Bool {
      record.userIdentifier == "LASF_Projection"
        || (record.userIdentifier == "liblas" && record.recordIdentifier == 2112)
    }
    var bytes = headerBytes
    if header.minorVersion >= 4 { bytes[6] |= 0x10 }
    let kept = records.filter { !isProjection($0) } + [try .projection(system.wkt)]
    // The place of waveforms among the records after the points is kept; the record before the points counts.
    let extended = waveformIndex == nil ? extendedRecords.filter { !isProjection($0) } : extendedRecords
    return try PointCloud(
      changing: self, points: points, headerBytes: bytes, records: kept, extendedRecords: extended, isCounted: false)
  }
}

/// Steps in which coordinates of a new system lose no more than those of the old one.
private struct NewSteps {
  let scale: Vector3
  let offset: Vector3

  /// Metres of a step of one in x and y, at the equator where it is a degree.
  static func metres(_ system: CoordinateSystem) -> Double {
    system.isGeographic ? metresPerDegree : system.metresPerUnit
  }

  private static let metresPerDegree = 111_320.0

  init(
    _ old: LASHeader, _ places: Coordinates, _ source: CoordinateSystem, _ target: CoordinateSystem, hasHeights: Bool
  ) {
    let factor = Self.metres(source) / Self.metres(target)
    let heights = hasHeights ? (source.metresPerVerticalUnit ?? 1) / (target.metresPerVerticalUnit ?? 1) : 1
    let (low, high) = places.bounds() ?? (.zero, .zero)
    var (scales, offsets) = ([old.scale.x * factor, old.scale.y * factor, old.scale.z * heights], [0.0, 0, 0])
    for axis in 0..<3 {
      if axis == 2, !hasHeights {
        (scales[2], offsets[2]) = (old.scale.z, old.offset.z)
        continue
      }
      offsets[axis] = ((low[axis] + high[axis]) / 2).rounded()
      // A millionth more, for a thousandth that was multiplied by one.
      var power = Int(log10(abs(scales[axis]) * (1 + 1e-6)).rounded(.down).clamped(to: -15...6))
      let reach = max(abs(low[axis] - offsets[axis]), abs(high[axis] - offsets[axis]))
      while reach / Self.step(power) >= Double(Int32.max) - 1 { power += 1 }
      scales[axis] = Self.step(power)
    }
    scale = Vector3(x: scales[0], y: scales[1], z: scales[2])
    offset = Vector3(x: offsets[0], y: offsets[1], z: offsets[2])
  }

  /// A power of ten as one would write it.
  private static func step(_ power: Int) -> Double { power < 0 ? 1 / pow(10, Double(-power)) : pow(10, Double(power)) }
}

extension Double {
  fileprivate func clamped(to range: ClosedRange<Double>) -> Double {
    isNaN ? range.lowerBound : Swift.min(range.upperBound, Swift.max(range.lowerBound, self))
  }
}
