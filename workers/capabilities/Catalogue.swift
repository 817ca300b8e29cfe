import CCapabilityDefinitions
import FoundationEssentials
public import StrataCore
public import StrataWorker

/// All capabilities of this build: each a definition file beside its handler.
public enum Catalogue {
  /// The handlers, for a runner.
  public static let handlers: [any CapabilityHandler] = [
    CommandRun(), NoOperation(), PointCloudChange(), PointCloudClusters(), PointCloudColourise(), PointCloudConvert(),
    PointCloudCrop(), PointCloudFeatures(), PointCloudGround(), PointCloudMerge(), PointCloudOutliers(),
    PointCloudPipeline(), PointCloudPlanes(), PointCloudRaster(), PointCloudReproject(), PointCloudSimulate(),
    PointCloudThin(),
  ]
  /// Those that a worker runs itself.
  public static let inlineHandlers = handlers.compactMap { $0 as? any InlineHandler }

  /// Those whose work is counted.
  public static let meteredHandlers = handlers.compactMap { $0 as? any MeteredHandler }

  /// The most units that a job of a capability comes to (`MeteredHandler.bound`); nil also where nothing of its work is counted.
  public static func bound(
    of capability: String, parametersJSON: String, inputs: [InputFile], awaited: [String] = []
  ) -> UnitBound? {
    guard let meter = meteredHandlers.first(where: { $0.definition.name == capability }),
      let parameters = try? Parameters(json: parametersJSON)
    else { return nil }
    return meter.bound(parameters, inputs, awaited: awaited)
  }

  /// What is on offer, for admission, workers and the command line.
  public static func registry() throws(StrataError) -> CapabilityRegistry {
    try CapabilityRegistry(handlers.map(\.definition))
  }

  /// Every embedded definition file by its folder, as text.
  package static let definitionFiles: [String: [UInt8]] = {
    var files: [String: [UInt8]] = [:]
    for index in 0..<strata_capability_definition_count() {
      let file = unsafe strata_capability_definition(index)
      unsafe files[String(cString: file.folder)] = Array(UnsafeBufferPointer(start: file.json, count: file.length))
    }
    return files
  }()

  /// The definition in the folder `name`. A definition that is missing or cannot be read is a fault of the build, which
  /// a test catches; nothing could run without it.
  static func definition(_ name: String) -> Capability {
    do {
      return try JSONDecoder().decode(Capability.self, from: Data(definitionFiles[name] ?? []))
    } catch {
      preconditionFailure("the definition of capability '\(name)' cannot be read: \(error)")
    }
  }
}
