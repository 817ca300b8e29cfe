import PointClouds
import StrataCore
import StrataWorker

/// Converts a scan: `PointClouds.ConvertPipeline` as a job.
struct PointCloudConvert: CapabilityHandler {
  let definition = Catalogue.definition("pointcloud.convert")

  func run(_ context: AttemptContext) async throws(AttemptError) -> AttemptProduct {
    let parameters = try Self.parameters(context.parameters)
    return try context.processScan { (input) throws(PointCloudError) in
      let summary = try ConvertPipeline.run(
        input: input, outputDirectory: context.outputFolder, parameters: parameters, threads: context.cores,
        progress: { context.progress($1, stage: $0) }, isCancelled: { context.isCancelled })
      return (try summary.json(), summary.warnings)
    }
  }

  private static func parameters(_ given: Parameters) throws(AttemptError) -> ConvertParameters {
    let scale = try given.number("scale")
    var parameters = ConvertParameters(
      salvage: try given.boolean("salvage"), scale: scale == 0 ? nil : scale, columns: try given.strings("columns"))
    if let format = try given.choice("format", of: ScanFormat.self) { parameters.format = format }
    if try given.optionalString("delimiter") != "auto" {
      parameters.delimiter = try given.choice("delimiter", of: Delimiter.self)
    }
    return parameters
  }
}
