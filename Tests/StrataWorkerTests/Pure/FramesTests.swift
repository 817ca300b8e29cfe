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
      .ready, .progress(fraction: nil, stage: "x"), .progress(fraction: 0.25, stage: nil),
      .outcome(
        RunnerOutcome(
          product: AttemptProduct(summary: .object(["n": .integer(3)]), error: .exitStatus(3)), cpuMicroseconds: 5)),
    ]
    for reply in replies {
      var decoder = FrameDecoder()
      decoder.append(try MessageCoding.frame(reply))
      let body = try #require(try decoder.next())
      #expect(try MessageCoding.read(RunnerReply.self, from: body) == reply)
    }
  }
}
