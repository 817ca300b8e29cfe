import Capabilities
import Foundation
import StrataCore
import StrataWorker
import Testing

@Suite struct CapabilityCodingTests {
  @Test func definitionsSurviveTheirCoding() throws {
    for definition in Catalogue.handlers.map(\.definition) {
      let coded = try JSONEncoder().encode(definition)
      #expect(try JSONDecoder().decode(Capability.self, from: coded) == definition)
    }
  }
}
