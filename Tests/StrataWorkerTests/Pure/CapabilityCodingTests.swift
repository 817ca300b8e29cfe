import Capabilities
import StrataCore
import StrataWorker
import Testing

@Suite struct CapabilityCodingTests {
  @Test func definitionsSurviveTheirCoding() throws {
    for definition in Catalogue.handlers.map(\.definition) {
      var decoder = FrameDecoder()
      decoder.append(try MessageCoding.frame(definition))
      let body = try #require(try decoder.next())
      #expect(try MessageCoding.read(Capability.self, from: body) == definition)
    }
  }
}
