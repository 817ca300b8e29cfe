import PointClouds
import StrataCore
import StrataWorker

/// Converts a scan: `PointClouds.ConvertPipeline` as a job.
struct PointCloudConvert: PointCloudHandler {
  let definition = Catalogue.definition("pointcloud.convert")

  func run(_ context: AttemptContext) async throws(AttemptError) -> AttemptProduct {
    let parameters = try Self.parameters(context.parameters)
    return try context.processScan { (input) throws(PointCloudError) in
      try ConvertPipeline.run(
        input: input, outputDirectory: context.outputFolder, parameters: parameters, threads: context.cores,
        progress: { context.progress($1, stage: $0) }, isCancelled: { context.isCancelled })
    }
  }

  /// How many points are asked for of a COPC file, or left of a damaged one, nobody knows before.
  func bound(_ parameters: Parameters, _ inputs: [InputFile], awaited: [String]) -> UnitBound? {
    guard let bound = scanBound(parameters, inputs, awaited: awaited), let asked = try? Self.parameters(parameters)
    else { return nil }
    return UnitBound(bound.most, isExact: bound.isExact && !asked.isQuery && !asked.salvage)
  }

  private static func parameters(_ given: Parameters) throws(AttemptError) -> ConvertParameters {
    let scale = try given.number("scale")
    var parameters = ConvertParameters(
      salvage: try given.boolean("salvage"), scale: scale == 0 ? nil : scale, columns: try given.strings("columns"))
    parameters.bounds = try given.optionalString("bounds") ?? ""
    parameters.resolution = try given.optionalNumber("resolution").flatMap { $0 == 0 ? nil : $0 }
    if let format = try given.choice("format", of: ScanFormat.self) { parameters.format = format }
    if try given.optionalString("delimiter") != "auto" {
      parameters.delimiter = try given.choice("delimiter", of: Delimiter.self)
    }
    return parameters
  }
}
