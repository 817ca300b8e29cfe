import Numerics

/// One of several inputs, as a summary tells of it.
public struct InputSummary: Hashable, Codable, Sendable {
  /// Without its folder.
  public var name: String
  public var points: Int
  /// Such as `LAS 1.2, point format 3, compressed`.
  public var format: String
  /// Nil when the file does not say.
  public var coordinateSystem: CoordinateSystem?

  enum CodingKeys: String, CodingKey {
    case name, points, format
    case coordinateSystem = "coordinate_system"
  }
}

/// The name of a file without its folder.
func fileName(of path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

/// - Throws: `invalidParameter`, saying how many inputs are wanted.
func requireInputs(_ inputs: [String], in range: ClosedRange<Int>) throws(PointCloudError) {
  try requireCount("the number of inputs", inputs.count, in: range)
}

/// - Throws: `invalidParameter` for a format that is neither LAS nor LAZ.
func requireLAS(_ format: ScanFormat) throws(PointCloudError) {
  guard format.isLAS else {
    throw PointCloudError(.invalidParameter, "format is \(format.rawValue)", remedy: "Give laz or las.")
  }
}

extension PointCloudError {
  /// The same error, saying in which file.
  func of(_ path: String) -> PointCloudError {
    guard code != .cancelled, !message.contains(fileName(of: path)) else { return self }
    return PointCloudError(code, "\(fileName(of: path)): \(message)", remedy: remedy, offset: offset, chunk: chunk)
  }
}

/// Works on inputs alone: what GDAL cannot make of them now it cannot at another try either.
///
/// - Throws: `unsupported` instead of `raster`.
func understanding<Result>(
  _ work: () throws(PointCloudError) -> Result
) throws(PointCloudError) -> Result {
  do throws(PointCloudError) { return try work() } catch  where error.code == .raster {
    throw PointCloudError(.unsupported, error.message, remedy: error.remedy)
  }
}

extension PointCloud {
  /// The coordinate system; nil, with a warning, where what the file says is not understood.
  func knownSystem(_ warnings: inout [String]) throws(PointCloudError) -> CoordinateSystem? {
    do throws(PointCloudError) { return try coordinateSystem() } catch  where error.code == .raster {
      warnings.append(error.message)
      return nil
    }
  }

  /// Draws the cloud, coloured as asked, as large as suits its points.
  ///
  /// - Returns: false where there is nothing to be drawn but noise; there is no picture then.
  func writePictureIfAny(
    _ path: String, _ parameters: PictureParameters, values: [Float]? = nil, threads: Int,
    warnings: inout [String]
  ) throws(PointCloudError) -> Bool {
    var parameters = parameters
    parameters.pixels = PictureParameters.pixels(suiting: count)
    do throws(PointCloudError) {
      try writePicture(path: path, parameters: parameters, values: values, threads: threads)
      return true
    } catch  where error.code == .empty {
      warnings.append(Self.nothingDrawn)
      return false
    }
  }

  static let nothingDrawn = "there is nothing to be drawn but noise, so there is no picture"

  var usualColoring: PictureParameters.Coloring { format.usualColoring }
}

extension PointFormat {
  /// By colours where points have any, else by height.
  var usualColoring: PictureParameters.Coloring { colorOffset == nil ? .height : .color }
}

extension CoordinateSystem {
  /// Whether coordinates in both mean the same places. Names of systems of the same number differ, and a compound one
  /// has that of its plane.
  func isSame(as other: CoordinateSystem) -> Bool {
    wkt == other.wkt || (epsg != nil && epsg == other.epsg)
  }
}
