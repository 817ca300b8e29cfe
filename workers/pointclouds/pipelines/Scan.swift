/// A scan that is to be worked on: its file, and what a pipeline has to know of it before it measures.
struct Scan: Sendable {
  let file: PointFile
  /// Nil where the file does not say, or not so that it is understood.
  let system: CoordinateSystem?
  /// What was odd and was worked around.
  private(set) var warnings: [String]

  /// Reads all but the points.
  /// - Throws: what `PointFile` throws; `geographicCoordinates` where x and y are degrees.
  init(path: String, limits: ReadLimits) throws(PointCloudError) {
    file = try PointFile(path: path, limits: limits)
    warnings = file.warnings
    system = try Self.system(of: file, &warnings)
  }

  /// Lengths need a projected system. One that cannot be understood is left out with a warning, not guessed.
  private static func system(
    of file: PointFile, _ warnings: inout [String]
  ) throws(PointCloudError) -> CoordinateSystem? {
    do throws(PointCloudError) {
      guard let system = try file.coordinateSystem() else {
        warnings.append("the file names no coordinate reference system; lengths are in its own unit")
        return nil
      }
      guard !system.isGeographic else { throw degrees(system) }
      return system
    } catch  where error.code == .raster {
      warnings.append("\(error.message); the results carry none")
      return nil
    }
  }

  private static func degrees(_ system: CoordinateSystem) -> PointCloudError {
    PointCloudError(
      .geographicCoordinates, "x and y are degrees (\(system.name)), and the filter needs lengths",
      remedy: "Project the file first, for example to its UTM zone by pointcloud.reproject.")
  }

  /// What z is multiplied by to be measured as x and y are.
  var heightFactor: Double { system?.heightFactor ?? 1 }

  /// How many metres a step of one in x or y is, as far as the file says so; else 1.
  var knownMetresPerUnit: Double { system?.plausibleMetresPerUnit ?? 1 }

  /// How many metres a step of one in x or y is, where lengths were given in metres; 1 where they are the file's own.
  mutating func metresPerUnit(_ unit: GroundParameters.LengthUnit) -> Double {
    unit.metresPerUnit(of: system, &warnings)
  }

  /// Such as `LAS 1.2, point format 3, compressed`.
  var formatDescription: String { file.header.formatDescription }

  /// Who made the file, in its own words.
  var originDescription: String { file.header.originDescription }

  /// Compressed chunks, 0 where nothing is compressed.
  var chunkCount: Int { file.header.isCompressed ? file.parts.chunks.count : 0 }
}

extension CoordinateSystem {
  /// The length of the unit of x and y in metres; nil where that is said to be less than a thousandth of a millimetre or more than a
  /// thousand kilometres, which is no unit of a scan.
  var plausibleMetresPerUnit: Double? { (1e-6...1e6).contains(metresPerUnit) ? metresPerUnit : nil }
}

extension GroundParameters.LengthUnit {
  /// How many metres a step of one in x or y is, where lengths were given in metres; 1 where they are the file's own.
  func metresPerUnit(of system: CoordinateSystem?, _ warnings: inout [String]) -> Double {
    guard self == .metres else { return 1 }
    guard let system else {
      warnings.append("lengths were given in metres and the file does not say its unit; metres are assumed")
      return 1
    }
    guard let metres = system.plausibleMetresPerUnit else {
      warnings.append("the unit of the file is said to be \(system.metresPerUnit) m long; metres are assumed")
      return 1
    }
    return metres
  }
}

extension LASHeader {
  /// Such as `LAS 1.2, point format 3, compressed`.
  var formatDescription: String { formatDescription(isCompressed: isCompressed) }

  func formatDescription(isCompressed: Bool) -> String {
    "LAS 1.\(minorVersion), point format \(pointFormat.number)\(isCompressed ? ", compressed" : "")"
  }

  /// Who made the file, in its own words.
  var originDescription: String {
    [systemIdentifier, generatingSoftware].filter { !$0.isEmpty }.joined(separator: " / ")
  }
}

extension PointCloud {
  /// Such as `LAS 1.2, point format 3, compressed`.
  var formatDescription: String { header.formatDescription }
}

/// The name of an input without its folder and ending, by which results are named.
func stem(of path: String) -> String {
  let name = path.split(separator: "/").last.map(String.init) ?? "cloud"
  guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
  return String(name[..<dot])
}
