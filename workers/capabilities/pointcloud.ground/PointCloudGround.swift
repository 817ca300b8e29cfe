import FoundationEssentials
import PointClouds
import StrataCore
import StrataWorker

/// Finds the ground in a scan: `PointClouds.GroundPipeline` as a job.
struct PointCloudGround: CapabilityHandler {
  let definition = Catalogue.definition("pointcloud.ground")

  func run(_ context: AttemptContext) async throws(AttemptError) -> AttemptProduct {
    guard let scan = context.inputs.first else { throw .invalidInput("there is no scan") }
    let parameters = try Self.parameters(context.parameters)
    let path = try Self.place(scan, in: context.workingFolder)
    do throws(PointCloudError) {
      let summary = try GroundPipeline.run(
        input: path, outputDirectory: context.outputFolder, parameters: parameters, threads: context.cores,
        progress: { context.progress($1, stage: $0) }, isCancelled: { context.isCancelled })
      for warning in summary.warnings { context.log("warning: \(warning)") }
      return AttemptProduct(summary: try Self.value(of: summary.json()))
    } catch {
      throw Self.attemptError(error)
    }
  }

  private static func parameters(_ given: Parameters) throws(AttemptError) -> GroundParameters {
    // What orders of earlier versions lack means what it meant then.
    let usual = GroundParameters()
    return GroundParameters(
      cell: try given.number("cell"), slope: try given.number("slope"), window: try given.number("window"),
      threshold: try given.number("threshold"), scalar: try given.number("scalar"),
      lengthUnit: try given.choice("length_unit", of: GroundParameters.LengthUnit.self) ?? .file,
      returns: try given.choice("returns", of: GroundParameters.Returns.self) ?? .last,
      cellsMax: try given.optionalInteger("cells_max") ?? usual.cellsMax,
      cellsPerPointMax: try given.optionalInteger("cells_per_point_max") ?? usual.cellsPerPointMax,
      cellsAlwaysAllowed: try given.optionalInteger("cells_always_allowed") ?? usual.cellsAlwaysAllowed)
  }

  /// Gives the scan the client's name, by a link: results are named after it.
  private static func place(_ scan: InputFile, in folder: String) throws(AttemptError) -> String {
    let path = "\(folder)/\(scan.name)"
    do {
      try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: scan.path)
    } catch {
      throw .workerFault("the scan could not be placed: \(error)")
    }
    return path
  }

  private static func value(of json: [UInt8]) throws(PointCloudError) -> JSONValue {
    do {
      return try JSONDecoder().decode(JSONValue.self, from: Data(json))
    } catch {
      throw PointCloudError(.corrupt, "the summary cannot be read: \(error)", remedy: "Report this.")
    }
  }

  /// A bad file stays bad; the machine's troubles may pass.
  private static func attemptError(_ error: PointCloudError) -> AttemptError {
    switch error.code {
    case .fileAccess, .raster, .libraryMissing: .workerFault(error.description)
    case .cancelled: .workerFault("the work was interrupted")
    default: .invalidInput(error.description)
    }
  }
}
