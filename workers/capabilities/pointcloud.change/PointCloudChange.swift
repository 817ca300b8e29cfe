import PointClouds
import StrataCore
import StrataWorker

/// Measures the change between two scans: `PointClouds.ChangePipeline` as a job.
struct PointCloudChange: PointCloudHandler {
  let definition = Catalogue.definition("pointcloud.change")

  func run(_ context: AttemptContext) async throws(AttemptError) -> AttemptProduct {
    let parameters = try Self.parameters(context.parameters)
    return try context.processInputs { (inputs) throws(PointCloudError) in
      try ChangePipeline.run(
        inputs: inputs, outputDirectory: context.outputFolder, parameters: parameters, threads: context.cores,
        progress: { context.progress($1, stage: $0) }, isCancelled: { context.isCancelled })
    }
  }

  private static func parameters(_ given: Parameters) throws(AttemptError) -> ChangeParameters {
    var parameters = ChangeParameters(
      coreSize: try given.number("core_size"), normalScale: try given.number("normal_scale"),
      diameter: try given.number("diameter"), depth: try given.number("depth"),
      registrationError: try given.number("registration_error"), lengthUnit: .metres)
    if let direction = try given.choice("direction", of: ChangeParameters.Direction.self) {
      parameters.direction = direction
    }
    if let average = try given.choice("average", of: ChangeDetection.Average.self) { parameters.average = average }
    if let least = try given.optionalInteger("least") { parameters.least = least }
    if let unit = try given.choice("length_unit", of: GroundParameters.LengthUnit.self) { parameters.lengthUnit = unit }
    if let format = try given.choice("format", of: ScanFormat.self) { parameters.format = format }
    return parameters
  }
}
