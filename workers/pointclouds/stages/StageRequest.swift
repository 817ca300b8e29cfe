/// A stage as it is asked for, in JSON: `{"stage": "thin", "method": "voxel", "size": 0.5}`. What is absent has its
/// default.
public struct StageRequest: Hashable, Sendable {
  /// The name of the kind of stage.
  public var stage: String
  public var values: [String: StageValue]

  public init(_ stage: String, _ values: [String: StageValue] = [:]) { (self.stage, self.values) = (stage, values) }

  /// The member of an object that names the kind of stage.
  public static let selector = "stage"

  /// The stage that is meant.
  ///
  /// - Throws: `invalidParameter` for an unknown stage or parameter, and for values outside their range.
  public func resolved() throws(PointCloudError) -> any CloudStage {
    guard let type = StageCatalogue.stages.first(where: { $0.definition.name == stage }) else {
      throw PointCloudError(
        .invalidParameter, "there is no stage '\(stage.prefix(64))'",
        remedy: "Choose one of \(StageCatalogue.definitions.map(\.name).joined(separator: ", ")).")
    }
    return try type.init(try StageValues(values, of: type.definition))
  }
}

extension StageRequest: Codable {
  public init(from decoder: any Decoder) throws {
    var members = try decoder.singleValueContainer().decode([String: StageValue].self)
    guard case .string(let stage) = members.removeValue(forKey: Self.selector) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "a stage has no name under '\(Self.selector)'"))
    }
    self.init(stage, members)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(values.merging([Self.selector: .string(stage)]) { _, name in name })
  }
}

/// The parameters of a stage, all of them there and within their ranges.
public struct StageValues: Hashable, Sendable {
  public let all: [String: StageValue]

  init(_ given: [String: StageValue], of definition: StageDefinition) throws(PointCloudError) {
    let known = definition.parameters.map(\.name)
    if let unknown = given.keys.sorted().first(where: { !known.contains($0) }) {
      throw PointCloudError(
        .invalidParameter, "'\(definition.name)' has no parameter '\(unknown.prefix(64))'",
        remedy: known.isEmpty ? "Leave it out." : "Choose among \(known.joined(separator: ", ")).")
    }
    var all: [String: StageValue] = [:]
    for parameter in definition.parameters {
      all[parameter.name] = try parameter.checked(given[parameter.name] ?? parameter.defaultValue)
    }
    self.all = all
  }

  // A stage asks only for what its definition has, of the kind that it says there.

  func number(_ name: String) -> Double { if case .number(let value) = all[name] { value } else { Self.fault(name) } }
  func integer(_ name: String) -> Int { if case .integer(let value) = all[name] { value } else { Self.fault(name) } }
  func boolean(_ name: String) -> Bool { if case .boolean(let value) = all[name] { value } else { Self.fault(name) } }

  func text(_ name: String) -> String { if case .string(let value) = all[name] { value } else { Self.fault(name) } }

  func integers(_ name: String) -> [Int] {
    if case .integers(let values) = all[name] { values } else { Self.fault(name) }
  }

  func some<Choice: RawRepresentable<String>>(_ name: String) -> [Choice] {
    guard case .strings(let words) = all[name] else { Self.fault(name) }
    return words.map { word in
      guard let choice = Choice(rawValue: word) else { Self.fault(name) }
      return choice
    }
  }

  func choice<Choice: RawRepresentable<String>>(_ name: String) -> Choice {
    guard case .string(let text) = all[name], let choice = Choice(rawValue: text) else { Self.fault(name) }
    return choice
  }

  private static func fault(_ name: String) -> Never {
    preconditionFailure("a stage asks for a parameter '\(name)' that its definition has not")
  }
}
