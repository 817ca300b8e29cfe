import Capabilities
import FoundationEssentials
import PointClouds
import StrataCore
import StrataWorker
import Testing

@Suite struct RegistryTests {
  private let registry: CapabilityRegistry

  init() throws { registry = try Catalogue.registry() }

  @Test func definitionsAndHandlersAgreeBothWays() {
    let handled = Catalogue.handlers.map(\.definition.name)
    #expect(Set(handled).count == handled.count)
    #expect(Set(Catalogue.definitionFiles.keys) == Set(handled))
    for (folder, bytes) in Catalogue.definitionFiles {
      #expect(registry.capabilities.contains { $0.name == folder })
      #expect(bytes.last == UInt8(ascii: "\n"))
    }
  }

  @Test func everyDefinitionIsComplete() throws {
    for capability in registry.capabilities {
      #expect(capability.timeoutSeconds > 0 && capability.attemptsMax > 0)
      #expect(!capability.summary.isEmpty && capability.parameters.allSatisfy { !$0.summary.isEmpty })
      for parameter in capability.parameters where !parameter.isRequired {
        let json = "{\"\(parameter.name)\":\(parameter.defaultValue ?? .null)}"
        let check = try? registry.validate(
          capability: capability.name, parametersJSON: json, inputs: capability.inputs.lowerBound)
        // The default of every parameter passes its own check, unless another one is required.
        #expect(check != nil || capability.parameters.contains { $0.isRequired })
      }
    }
  }

  @Test func defaultsAreFilledInAndTheSoldNameLeadsToTheCapability() throws {
    let request = try registry.validate(
      capability: "gis-lidar-process", parametersJSON: #"{"window": 20}"#, inputs: 1)
    #expect(request.offer.capability.name == "pointcloud.ground")
    #expect(request.offer.price.perJob == MicroCredits(micros: 2_000_000))
    let filled = try Parameters(json: request.parametersJSON)
    #expect(try filled.number("window") == 20 && filled.number("cell") == 1 && filled.number("slope") == 0.15)
    #expect(try filled.optionalString("length_unit") == "metres" && filled.optionalString("returns") == "last")
  }

  @Test func whatIsSplitCanBePutTogether() throws {
    let split = registry.capabilities.filter { $0.parts != nil }
    #expect(split.contains { $0.name == "pointcloud.raster" })
    for capability in split {
      let parts = try #require(capability.parts)
      let parameter = try #require(capability.parameters.first { $0.name == parts.parameter })
      #expect(parameter.kind == .string && !parameter.isRequired, "\(capability.name)")
      #expect(capability.inputs.lowerBound + parts.maximum <= capability.inputs.upperBound, "\(capability.name)")
      #expect(parts.maximum == TilePart.countMax, "\(capability.name)")
    }
  }

  @Test func aChoiceIsOneOfThose() throws {
    let ground = try registry.offer(named: "pointcloud.ground").capability
    let unit = try #require(ground.parameters.first { $0.name == "length_unit" })
    #expect(throws: CapabilityRequestError.unknownChoice(unit, given: "meters", nearest: "metres")) {
      try registry.validate(capability: ground.name, parametersJSON: #"{"length_unit": "meters"}"#, inputs: 1)
    }
    #expect(throws: CapabilityRequestError.unknownChoice(unit, given: "furlong", nearest: nil)) {
      try registry.validate(capability: ground.name, parametersJSON: #"{"length_unit": "furlong"}"#, inputs: 1)
    }
    let error = CapabilityRequestError.unknownChoice(unit, given: "meters", nearest: "metres")
    #expect(error.parameter == "length_unit" && error.asStrataError.message.contains("metres, file"))
    #expect(error.asStrataError.remedy == "did you mean 'metres'?")
    // The definition's words are the library's.
    #expect(Set(unit.choices) == Set(GroundParameters.LengthUnit.allCases.map(\.rawValue)))
    let returns = try #require(ground.parameters.first { $0.name == "returns" })
    #expect(Set(returns.choices) == Set(GroundParameters.Returns.allCases.map(\.rawValue)))
    for unit in unit.choices {
      _ = try registry.validate(capability: ground.name, parametersJSON: "{\"length_unit\": \"\(unit)\"}", inputs: 1)
    }
  }

  @Test func choicesOfAListAreThoseOfItsItems() throws {
    let colours = ParameterDefinition(name: "colours", kind: .strings, summary: "s", choices: ["red", "blue"])
    let paint = Capability(
      name: "paint", version: 1, summary: "s", tier: .cpu, price: Price(perJob: .zero), timeoutSeconds: 1,
      attemptsMax: 1, resources: ResourceRequest(), parameters: [colours], inputs: 0...0)
    let registry = try CapabilityRegistry([paint])
    _ = try registry.validate(capability: "paint", parametersJSON: #"{"colours": ["blue", "red"]}"#, inputs: 0)
    #expect(throws: CapabilityRequestError.unknownChoice(colours, given: "bleu", nearest: "blue")) {
      try registry.validate(capability: "paint", parametersJSON: #"{"colours": ["red", "bleu"]}"#, inputs: 0)
    }
  }

  @Test func typosMeetTheNearestName() {
    #expect(throws: CapabilityRequestError.unknownCapability("comand.run", nearest: "command.run")) {
      try registry.offer(named: "comand.run")
    }
    #expect(throws: CapabilityRequestError.unknownCapability("paint", nearest: nil)) {
      try registry.offer(named: "paint")
    }
    #expect(
      throws: CapabilityRequestError.unknownParameter("cel", capability: "pointcloud.ground", nearest: "cell")
    ) {
      try registry.validate(capability: "pointcloud.ground", parametersJSON: #"{"cel": 1}"#, inputs: 1)
    }
  }

  @Test(arguments: [
    (#"{"cell": "one"}"#, "cell"), (#"{"cell": 0}"#, "cell"), (#"{"window": 1e9}"#, "window"),
    (#"{"slope": [1]}"#, "slope"), (#"{"slope": true}"#, "slope"), (#"{"returns": 1}"#, "returns"),
  ])
  func aBadValueNamesItsParameter(json: String, parameter: String) {
    let error = #expect(throws: CapabilityRequestError.self) {
      try registry.validate(capability: "pointcloud.ground", parametersJSON: json, inputs: 1)
    }
    #expect(error?.parameter == parameter)
    #expect(error?.asStrataError.message.contains(parameter) == true)
  }

  @Test func wordsToChooseFromMayBeWrittenInOne() throws {
    let listed = try registry.validate(
      capability: "pointcloud.raster", parametersJSON: #"{"products": "dtm, chm"}"#, inputs: 1)
    #expect(listed.parametersJSON.contains(#""products":["dtm","chm"]"#))
    #expect(throws: CapabilityRequestError.self) {
      try registry.validate(capability: "pointcloud.raster", parametersJSON: #"{"products": "dtm,cmh"}"#, inputs: 1)
    }
    #expect(throws: CapabilityRequestError.self) {
      try registry.validate(capability: "pointcloud.raster", parametersJSON: #"{"products": ""}"#, inputs: 1)
    }
    // A command is no choice of words: it stays what it was.
    #expect(throws: CapabilityRequestError.self) {
      try registry.validate(capability: "command.run", parametersJSON: #"{"command": "ls,-l"}"#, inputs: 0)
    }
  }

  @Test func stagesAreThoseOfTheLibrary() throws {
    let pipeline = try registry.offer(named: "pointcloud.pipeline").capability
    let stages = try #require(pipeline.parameters.first { $0.name == "stages" })
    #expect(stages.selector == StageRequest.selector)
    let coded = try JSONEncoder().encode(StageCatalogue.definitions)
    #expect(try JSONDecoder().decode([ParameterDefinition.Variant].self, from: coded) == stages.variants)
    // So are the parameters of the capabilities of one stage.
    for stage in ["thin", "outliers", "clusters", "planes"] {
      let capability = try registry.offer(named: "pointcloud.\(stage)").capability
      let own = capability.parameters.filter { !["length_unit", "format", "part"].contains($0.name) }
      #expect(own == stages.variants.first { $0.name == stage }?.parameters)
    }
  }

  @Test func objectsOfAListAreFilledInAndRefusedByTheirPlace() throws {
    func check(_ stages: String) throws -> String {
      try registry.validate(
        capability: "pointcloud.pipeline", parametersJSON: "{\"stages\": \(stages)}", inputs: 1
      ).parametersJSON
    }
    let filled = try check(#"[{"stage": "features", "scales": "10,20"}, {"stage": "normals", "neighbours": 8.0}]"#)
    #expect(filled.contains(#"{"basis":"variances","scales":[10,20],"stage":"features"}"#))
    #expect(filled.contains(#"{"neighbours":8,"orientation":"up","stage":"normals"}"#))
    for (stages, words, remedy) in [
      (#"[{"stage": "thin"}, {"stage": "thim"}]"#, "in 'stages', item 2: there is no stage 'thim'", "'thin'"),
      (#"[{"stage": "thin", "siz": 1}]"#, "in 'stages', item 1 (thin): 'thin' has no parameter 'siz'", "'size'"),
      (#"[{"stage": "thin", "size": 0}]"#, "item 1 (thin): parameter 'size' is 0", "between"),
      (#"[{"stage": "features", "scales": [10, 2]}]"#, "item 1 (features): parameter 'scales' is 2", "between"),
      (#"[{"size": 0}]"#, "item 1: 'stage' is not there", "choose"),
      (#"["thin"]"#, "item 1: parameter 'stages' must be a list of objects, not a string", "JSON"),
      (#"[]"#, "parameter 'stages' has 0 items", "between 1 and 64"),
      (#""thin""#, "must be a list of objects, not a string", "JSON"),
    ] {
      let error = #expect(throws: CapabilityRequestError.self) { try check(stages) }
      #expect(error?.asStrataError.message.contains(words) == true, "\(String(describing: error))")
      #expect(error?.asStrataError.remedy?.contains(remedy) == true, "\(String(describing: error))")
    }
    #expect(throws: CapabilityRequestError.missingParameter("stages", capability: "pointcloud.pipeline")) {
      try registry.validate(capability: "pointcloud.pipeline", parametersJSON: "{}", inputs: 1)
    }
  }

  @Test func requiredParametersInputsAndShapesAreChecked() {
    #expect(throws: CapabilityRequestError.missingParameter("command", capability: "command.run")) {
      try registry.validate(capability: "command.run", parametersJSON: "", inputs: 0)
    }
    #expect(throws: CapabilityRequestError.self) {
      try registry.validate(capability: "command.run", parametersJSON: #"{"command": []}"#, inputs: 0)
    }
    #expect(throws: CapabilityRequestError.self) {
      try registry.validate(capability: "command.run", parametersJSON: #"{"command": ["a", 1]}"#, inputs: 0)
    }
    #expect(throws: CapabilityRequestError.notAnObject) {
      try registry.validate(capability: "noop", parametersJSON: "[1]", inputs: 0)
    }
    #expect(throws: CapabilityRequestError.inputCount(2, capability: "pointcloud.convert", allowed: 1...1)) {
      try registry.validate(capability: "pointcloud.convert", parametersJSON: "{}", inputs: 2)
    }
  }

  @Test func twoCapabilitiesCannotShareAName() {
    let one = Catalogue.handlers[0].definition
    #expect(throws: StrataError.self) { try CapabilityRegistry([one, one]) }
  }

  @Test func checkedParametersSatisfyTheirOwnCheck() throws {
    let first = try registry.validate(
      capability: "command.run", parametersJSON: #"{"command":["a\n\"b\"","ü"],"stdin":null}"#, inputs: 0)
    let second = try registry.validate(capability: "command.run", parametersJSON: first.parametersJSON, inputs: 0)
    #expect(first == second)
  }
}
