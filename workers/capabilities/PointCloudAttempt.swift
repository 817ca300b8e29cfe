import FoundationEssentials
import PointClouds
import StrataCore
import StrataWorker

/// What every capability on a scan does around its pipeline.
extension AttemptContext {
  /// Runs a pipeline on the attempt's one scan, tells of its warnings, and hands on its summary.
  ///
  /// - Parameter pipeline: given the scan's path.
  func processScan(
    _ pipeline: (_ input: String) throws(PointCloudError) -> some PipelineSummary
  ) throws(AttemptError) -> AttemptProduct {
    guard let scan = inputs.first else { throw .invalidInput("there is no scan") }
    let path = try place(scan)
    return try processing { () throws(PointCloudError) in try pipeline(path) }
  }

  /// Runs a pipeline on all of the attempt's inputs, which come in the order in which the client named them.
  ///
  /// - Parameter pipeline: given the inputs' paths.
  func processInputs(
    _ pipeline: (_ inputs: [String]) throws(PointCloudError) -> some PipelineSummary
  ) throws(AttemptError) -> AttemptProduct {
    var paths: [String] = []
    for input in inputs { paths.append(try place(input)) }
    return try processing { () throws(PointCloudError) in try pipeline(paths) }
  }

  /// Runs a pipeline on the attempt's one scan, all of it or the part that is asked for.
  ///
  /// - Parameters:
  ///   - whole: given the scan's path and those of the files that parts have written.
  ///   - part: works on a part alone.
  func processScan(
    whole: (_ input: String, _ finished: [String]) throws(PointCloudError) -> some PipelineSummary,
    part: (_ part: TilePart, _ input: String) throws(PointCloudError) -> TilePartSummary
  ) throws(AttemptError) -> AttemptProduct {
    guard !inputs.isEmpty else { throw .invalidInput("there is no scan") }
    let asked = try parameters.part("part")
    for other in inputs.dropFirst() {
      guard asked == nil else { throw .invalidInput("a part is given the scan alone, not '\(other.name)', too") }
      guard other.name.hasSuffix(".tiles") else {
        throw .invalidInput("only the first input is a scan, and '\(other.name)' does not end in .tiles as parts do")
      }
    }
    if let asked {
      return try processInputs { (inputs) throws(PointCloudError) in try part(asked, inputs[0]) }
    }
    return try processInputs { (inputs) throws(PointCloudError) in try whole(inputs[0], Array(inputs.dropFirst())) }
  }

  /// Runs a pipeline, tells of its warnings and how many points it worked on, and hands on its summary with the provenance of the
  /// results, also in `summary.json`.
  func processing(
    _ pipeline: () throws(PointCloudError) -> some PipelineSummary
  ) throws(AttemptError) -> AttemptProduct {
    do throws(PointCloudError) {
      let summary = try pipeline()
      for warning in summary.warnings { log("warning: \(warning)") }
      let told = try Self.value(of: summary.json(), with: provenance)
      try writeSummary(told, in: outputFolder)
      return AttemptProduct(summary: told, units: Int64(summary.pointsWorked))
    } catch {
      throw AttemptError(error)
    }
  }

  /// Gives an input the client's name, by a link: results are named after it.
  private func place(_ input: InputFile) throws(AttemptError) -> String {
    let path = "\(workingFolder)/\(input.name)"
    do {
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: input.path)
    } catch {
      throw .workerFault("the input '\(input.name)' could not be placed: \(error)")
    }
    return path
  }

  private static func value(of json: [UInt8], with provenance: JSONValue) throws(PointCloudError) -> JSONValue {
    do {
      var members = try JSONDecoder().decode([String: JSONValue].self, from: Data(json))
      members["provenance"] = provenance
      return .object(members)
    } catch {
      throw PointCloudError(.corrupt, "the summary cannot be read: \(error)", remedy: "Report this.")
    }
  }
}

extension AttemptError {
  /// A bad file stays bad; the machine's troubles may pass.
  fileprivate init(_ error: PointCloudError) {
    self =
      switch error.code {
      case .fileAccess, .raster, .libraryMissing: .workerFault(error.description)
      case .cancelled: .workerFault("the work was interrupted")
      default: .invalidInput(error.description)
      }
  }
}

extension Parameters {
  /// One of several parts, such as `3/8`; nil where all is asked for.
  func part(_ name: String) throws(AttemptError) -> TilePart? {
    guard let text = try optionalString(name), !text.isEmpty else { return nil }
    do throws(PointCloudError) { return try TilePart(text) } catch {
      throw .invalidInput("parameter '\(name)' must be like 3/8, the third of eight parts, not '\(text)'")
    }
  }
}

extension GroundParameters {
  /// What orders of earlier versions lack means what it meant then.
  init(_ given: Parameters) throws(AttemptError) {
    let usual = GroundParameters()
    self.init(
      cell: try given.number("cell"), slope: try given.number("slope"), window: try given.number("window"),
      threshold: try given.number("threshold"), scalar: try given.number("scalar"),
      growth: try given.optionalNumber("growth") ?? 0,
      lengthUnit: try given.choice("length_unit", of: GroundParameters.LengthUnit.self) ?? .file,
      returns: try given.choice("returns", of: GroundParameters.Returns.self) ?? .last,
      cellsMax: try given.optionalInteger("cells_max") ?? usual.cellsMax,
      cellsPerPointMax: try given.optionalInteger("cells_per_point_max") ?? usual.cellsPerPointMax,
      cellsAlwaysAllowed: try given.optionalInteger("cells_always_allowed") ?? usual.cellsAlwaysAllowed)
  }
}
