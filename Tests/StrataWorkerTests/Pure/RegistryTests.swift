import Capabilities
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
    #expect(throws: CapabilityRequestError.inputCount(2, capability: "pointcloud.ground", allowed: 1...1)) {
      try registry.validate(capability: "pointcloud.ground", parametersJSON: "{}", inputs: 2)
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
