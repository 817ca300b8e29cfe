import PointClouds
import StrataCore
import StrataWorker

/// What every capability of stages does around them.
extension AttemptContext {
  /// Runs stages over the attempt's one scan, or over a part of it.
  func processStages(_ stages: [StageRequest], suffix: String) throws(AttemptError) -> AttemptProduct {
    var asked = StagesParameters(stages: stages, lengthUnit: .metres, suffix: suffix)
    if let format = try parameters.choice("format", of: ScanFormat.self) { asked.format = format }
    if let unit = try parameters.choice("length_unit", of: GroundParameters.LengthUnit.self) { asked.lengthUnit = unit }
    return try processScan(
      whole: { (input, finished) throws(PointCloudError) in
        try StagesPipeline.run(
          input: input, outputDirectory: outputFolder, parameters: asked, threads: cores, finished: finished,
          checkpointFolder: checkpointFolder, progress: { progress($1, stage: $0) }, isCancelled: { isCancelled })
      },
      part: { (part, input) throws(PointCloudError) in
        try StagesPipeline.runPart(
          part, input: input, outputDirectory: outputFolder, parameters: asked, threads: cores,
          checkpointFolder: checkpointFolder, progress: { progress($1, stage: $0) }, isCancelled: { isCancelled })
      })
  }
}

extension Parameters {
  /// The parameters that a kind of stage has, under the same names.
  func stage(_ name: String) throws(AttemptError) -> StageRequest {
    var request = StageRequest(name)
    for parameter in StageCatalogue.definitions.first(where: { $0.name == name })?.parameters ?? [] {
      if let value = value(parameter.name) { request.values[parameter.name] = try StageValue(value, parameter.name) }
    }
    return request
  }

  /// A list of objects as stages.
  func stages(_ name: String) throws(AttemptError) -> [StageRequest] {
    guard case .array(let items) = value(name) else {
      throw .invalidInput("parameter '\(name)' must be a list of objects")
    }
    var stages: [StageRequest] = []
    for (place, item) in items.enumerated() {
      guard case .object(var members) = item,
        let stage = members.removeValue(forKey: StageRequest.selector)?.stringValue
      else { throw .invalidInput("'\(name)', item \(place + 1), is no object with a '\(StageRequest.selector)'") }
      var request = StageRequest(stage)
      for (member, value) in members { request.values[member] = try StageValue(value, "\(stage).\(member)") }
      stages.append(request)
    }
    return stages
  }
}

extension StageValue {
  fileprivate init(_ value: JSONValue, _ name: String) throws(AttemptError) {
    switch value {
    case .boolean(let value): self = .boolean(value)
    case .integer(let value): self = .integer(Int(value))
    case .number(let value): self = .number(value)
    case .string(let value): self = .string(value)
    case .array(let items):
      let words = items.compactMap(\.stringValue)
      if !words.isEmpty, words.count == items.count {
        self = .strings(words)
        return
      }
      var numbers: [Int] = []
      for item in items {
        guard case .integer(let number) = item else {
          throw .invalidInput("parameter '\(name)' must hold whole numbers only, or strings only, not \(item.kindName)")
        }
        numbers.append(Int(number))
      }
      self = .integers(numbers)
    case .null, .object: throw .invalidInput("parameter '\(name)' cannot be \(value.kindName)")
    }
  }
}
