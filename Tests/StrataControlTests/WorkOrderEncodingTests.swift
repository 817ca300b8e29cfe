import Foundation
import StrataControl
import StrataCore
import Testing

/// The queue's payload, as it is written by hand and as every reader takes it.
@Suite struct WorkOrderEncodingTests {
  private func order(_ parameters: String, capability: String = "noop") -> WorkOrder {
    WorkOrder(
      job: JobID(), tenant: TenantID(), capability: capability, version: 3, parametersJSON: parameters, inputs: [],
      timeoutSeconds: 86_400,
      resources: ResourceRequest(cpuMillicores: 1_500, memoryBytes: 1 << 40, gpuThousandths: 250))
  }

  @Test func whatIsWrittenPlainlyIsReadBack() throws {
    let controls = String(String.UnicodeScalarView((0...0x2F as ClosedRange<UInt32>).compactMap(Unicode.Scalar.init)))
    let texts = [
      "{}", "{\"text\":\"a \\\"b\\\" \\\\ / \\u0000\"}", "{\"päth\":\"…/🛰️\u{2028}\"}", controls, "\"", "\\", "",
    ]
    for text in texts {
      let order = order(text, capability: "cap\"\(text.prefix(3))")
      let bytes = try #require(order.plainlyEncoded)
      #expect(try JSONDecoder().decode(WorkOrder.self, from: Data(bytes)) == order)
    }
  }

  /// A member that is added to an order later has to be written here, too.
  @Test func whatIsWrittenPlainlyIsWhatTheEncoderWrites() throws {
    let order = order("{\"a\":1}")
    func members(_ bytes: some Sequence<UInt8>) throws -> [String: JSONValue] {
      try JSONDecoder().decode([String: JSONValue].self, from: Data(bytes))
    }
    #expect(try members(#require(order.plainlyEncoded)) == members(JSONEncoder().encode(order)))
  }

  @Test func whatHasMoreIsNotWrittenPlainly() {
    var order = order("{}")
    order.alternatives = [Placement(tier: .gpu, resources: order.resources)]
    #expect(order.plainlyEncoded == nil)
    order.alternatives = nil
    #expect(order.plainlyEncoded != nil)
  }
}
