import Foundation
import StrataCore
import TestSupport
import Testing

/// What the queue carries, as it is written by hand and as every reader takes it.
@Suite struct PlainCodingTests {
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
      #expect(WorkOrder(plainlyEncoded: bytes) == order)
    }
  }

  /// A member that is added to an order later has to be written here, too.
  @Test func whatIsWrittenPlainlyIsWhatTheEncoderWrites() throws {
    let order = order("{\"a\":1}")
    #expect(try members(#require(order.plainlyEncoded)) == members(JSONEncoder().encode(order)))
  }

  private func members(_ bytes: some Sequence<UInt8>) throws -> [String: JSONValue] {
    try JSONDecoder().decode([String: JSONValue].self, from: Data(bytes))
  }

  @Test func whatHasMoreIsNotWrittenPlainly() {
    var order = order("{}")
    order.alternatives = [Placement(tier: .gpu, resources: order.resources)]
    #expect(order.plainlyEncoded == nil)
    order.alternatives = nil
    #expect(order.plainlyEncoded != nil)
  }

  @Test(arguments: [nil, "{}", #"{"path":"a\\b","points":5}"#])
  func aReportThatIsWrittenPlainlyIsWhatTheEncoderWrites(summary: String?) throws {
    let usage = AttemptUsage(cpuMicroseconds: 7, wallMicroseconds: 1 << 50, memoryPeakBytes: 9)
    let report = AttemptReport(usage: usage, summaryJSON: summary)
    let bytes = try #require(report.plainlyEncoded)
    #expect(try JSONDecoder().decode(AttemptReport.self, from: Data(bytes)) == report)
    #expect(AttemptReport(plainlyEncoded: bytes) == report)
    #expect(try members(bytes) == members(JSONEncoder().encode(report)))
  }

  @Test func aReportThatHasMoreIsNotWrittenPlainly() throws {
    var report = AttemptReport(usage: AttemptUsage())
    report.error = AttemptError(code: "x", message: "y", isRetryable: false)
    #expect(report.plainlyEncoded == nil)
    report.error = nil
    report.usage.units = 5
    #expect(report.plainlyEncoded == nil)
    report.usage.units = 0
    report.results = [
      ArtifactReference(
        name: "a", digest: try #require(ArtifactDigest(bytes: [UInt8](repeating: 0, count: 32))), sizeBytes: 1)
    ]
    #expect(report.plainlyEncoded == nil)
  }

  /// Whatever the hand-written reader takes for something, the decoder takes for the same.
  @Test func nothingIsReadOtherwiseThanByTheDecoder() throws {
    var random = SeededGenerator(seed: testSeed)
    let order = try #require(order("{\"text\":\"a \\\"b\\\" \u{1} ä\"}").plainlyEncoded)
    let report = try #require(
      AttemptReport(
        usage: AttemptUsage(cpuMicroseconds: 70, wallMicroseconds: 1 << 50), summaryJSON: #"{"p":"\u0007"}"#
      )
      .plainlyEncoded)
    var reads = 0
    for _ in 0..<20_000 {
      let changedOrder = changed(order, using: &random)
      if let read = WorkOrder(plainlyEncoded: changedOrder) {
        reads += 1
        #expect(try JSONDecoder().decode(WorkOrder.self, from: Data(changedOrder)) == read, "STRATA_SEED=\(testSeed)")
      }
      let changedReport = changed(report, using: &random)
      if let read = AttemptReport(plainlyEncoded: changedReport) {
        reads += 1
        #expect(
          try JSONDecoder().decode(AttemptReport.self, from: Data(changedReport)) == read, "STRATA_SEED=\(testSeed)")
      }
    }
    #expect(reads > 1_000)
  }

  /// With a byte or two replaced, left out or put in.
  private func changed(_ bytes: [UInt8], using random: inout some RandomNumberGenerator) -> [UInt8] {
    let usual = Array("0123456789-+.eE\"\\u{}[],: aZ\u{1}".utf8)
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...2, using: &random) {
      let place = bytes.indices.randomElement(using: &random) ?? 0
      let byte =
        Bool.random(using: &random)
        ? usual.randomElement(using: &random) ?? 0 : UInt8.random(in: 0...255, using: &random)
      switch Int.random(in: 0..<3, using: &random) {
      case 0: bytes[place] = byte
      case 1: bytes.remove(at: place)
      default: bytes.insert(byte, at: place)
      }
    }
    return bytes
  }
}
