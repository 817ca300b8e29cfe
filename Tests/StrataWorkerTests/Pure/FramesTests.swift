import StrataArtifacts
import StrataCore
import StrataWorker
import TestSupport
import Testing

@Suite struct FramesTests {
  @Test func framesSurviveAnySplit() throws {
    let seed = testSeed
    var random = SeededGenerator(seed: seed)
    for _ in 0..<200 {
      let bodies = (0..<Int.random(in: 0...8, using: &random)).map { _ in
        (0..<Int.random(in: 0...300, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      }
      var stream = try bodies.flatMap { try Frames.encode($0) }[...]
      var decoder = FrameDecoder()
      var read: [[UInt8]] = []
      while !stream.isEmpty {
        let part = stream.prefix(Int.random(in: 1...97, using: &random))
        stream = stream.dropFirst(part.count)
        decoder.append(part)
        while let body = try decoder.next() { read.append(body) }
      }
      #expect(read == bodies, "STRATA_SEED=\(seed)")
    }
  }

  @Test func anAnnouncedGiantIsRefusedBeforeItComes() throws {
    var decoder = FrameDecoder()
    decoder.append([0xFF, 0xFF, 0xFF, 0x7F])
    #expect(throws: FrameError.tooLarge(0x7FFF_FFFF)) { try decoder.next() }
    #expect(throws: FrameError.self) { try Frames.encode([UInt8](repeating: 0, count: Frames.bodyBytesMax + 1)) }
  }

  @Test func messagesSurviveTheirCoding() throws {
    let replies: [RunnerReply] = [
      .ready, .progress(fraction: nil, stage: "x"), .progress(fraction: 0.1, stage: nil), .outcome(RunnerOutcome()),
      .outcome(
        RunnerOutcome(
          summaryJSON: #"{"n":"ä\u0000"}"#, error: .exitStatus(3), cpuMicroseconds: .max, memoryPeakBytes: .min)),
    ]
    for reply in replies { #expect(try RunnerReply(body: body(of: reply)) == reply) }
    let requests: [RunnerRequest] = [
      .run(Self.assignment(inputs: [])),
      .run(
        Self.assignment(inputs: [
          InputFile(name: "a", path: "/a", digest: ArtifactDigest(hashing: Array("abc".utf8)), sizeBytes: 3)
        ])),
      .save(.user1), .stop,
    ]
    for request in requests { #expect(try RunnerRequest(body: body(of: request)) == request) }
  }

  /// What was cut anywhere, or is of no kind, is refused and never read beyond its end.
  @Test func whatIsNoMessageIsRefused() throws {
    let whole = try RunnerRequest.run(Self.assignment(inputs: [])).body
    for count in whole.indices {
      #expect(throws: (any Error).self) { try RunnerRequest(body: Array(whole[..<count])) }
    }
    #expect(throws: (any Error).self) { try RunnerReply(body: []) }
    #expect(throws: (any Error).self) { try RunnerReply(body: Array("?".utf8)) }
    #expect(throws: (any Error).self) { try RunnerReply(body: whole) }
    #expect(throws: (any Error).self) { try RunnerRequest(body: Array("r".utf8) + [0xFE, 0xFF, 0xFF, 0xFF]) }
    #expect(throws: (any Error).self) { try RunnerRequest(body: Array("s".utf8) + [1, 0, 0, 0, 0xFF]) }
  }

  private func body(of message: some RunnerMessage) throws -> [UInt8] {
    var decoder = FrameDecoder()
    decoder.append(try message.frame)
    return try #require(try decoder.next())
  }

  private static func assignment(inputs: [InputFile]) -> Assignment {
    let order = WorkOrder(
      job: JobID(), tenant: TenantID(), capability: "test", version: 1, parametersJSON: #"{"a":"\""}"#, inputs: [],
      timeoutSeconds: 60, resources: ResourceRequest())
    return Assignment(
      order: order, tier: inputs.isEmpty ? nil : .cpu, inputs: inputs, workingFolder: "/w", outputFolder: "/w/ö",
      checkpointFolder: inputs.isEmpty ? "" : nil, cores: 2)
  }
}
