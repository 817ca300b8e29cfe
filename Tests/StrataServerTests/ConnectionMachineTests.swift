import Glibc
import StrataCore
import StrataServer
import TestSupport
import Testing

@Suite struct ConnectionMachineTests {
  @Test(arguments: AbuseCase.all) func abuseHasADefiniteOutcome(abuse: AbuseCase) {
    #expect(MachineDriver.outcome(of: abuse.input, limits: AbuseCase.limits) == abuse.outcome)
  }

  @Test(arguments: AbuseCase.all) func splittingMakesNoDifference(abuse: AbuseCase) {
    var random = SeededGenerator(seed: testSeed)
    let bytes = Array(abuse.input.utf8)
    let expected = MachineDriver.outcome(of: [bytes[...]], limits: AbuseCase.limits)
    #expect(MachineDriver.outcome(of: bytes.indices.map { bytes[$0...$0] }, limits: AbuseCase.limits) == expected)
    for _ in 0..<20 {
      let pieces = split(bytes, using: &random)
      let outcome = MachineDriver.outcome(of: pieces, limits: AbuseCase.limits)
      #expect(outcome == expected, "STRATA_SEED=\(testSeed), pieces of \(pieces.map(\.count))")
    }
  }

  /// Requests with bytes changed, dropped, doubled and spliced: whatever comes, the machine ends in an outcome, keeps
  /// to its bounds, and does not depend on the splitting.
  @Test func mutationsNeverBreakTheMachine() {
    var random = SeededGenerator(seed: testSeed)
    let corpus = AbuseCase.all.map { Array($0.input.utf8) }
    for _ in 0..<20_000 {
      let bytes = mutate(corpus, using: &random)
      let whole = MachineDriver.outcome(of: [bytes[...]], limits: AbuseCase.limits)
      let pieces = split(bytes, using: &random)
      let outcome = MachineDriver.outcome(of: pieces, limits: AbuseCase.limits)
      guard whole == outcome, whole.last.map(isEnd) ?? false else {
        Issue.record("STRATA_SEED=\(testSeed): \(bytes) gave \(whole), and in pieces \(outcome)")
        return
      }
    }
  }

  @Test func whatIsNotTakenIsBounded() {
    var driver = MachineDriver(limits: AbuseCase.limits)
    for _ in 0..<1_000 { driver.receive(Array("aaaaaaaaaa".utf8)) }
    #expect(driver.record == ["refuse 414 uri_too_long"])
    #expect(driver.pendingBytes == 0)
  }

  /// A conversation ends with the client gone, with a refusal, or with the last answer of a connection that is to close.
  private func isEnd(_ line: String) -> Bool {
    line == "close" || ["refuse", "fail", "begin", "body"].contains { line.hasPrefix($0) }
  }

  private func split(_ bytes: [UInt8], using random: inout SeededGenerator) -> [ArraySlice<UInt8>] {
    var pieces: [ArraySlice<UInt8>] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = Int.random(in: 1...min(rest.count, Int.random(in: 1...64, using: &random)), using: &random)
      pieces.append(rest.prefix(count))
      rest = rest.dropFirst(count)
    }
    return pieces
  }

  private func mutate(_ corpus: [[UInt8]], using random: inout SeededGenerator) -> [UInt8] {
    var bytes = corpus[Int.random(in: corpus.indices, using: &random)]
    let telling = Array("\r\n\0 :;,0aF/%?\u{7F}\u{80}".utf8)
    for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
      let place = Int.random(in: bytes.indices, using: &random)
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
      case 1: bytes[place] = telling[Int.random(in: telling.indices, using: &random)]
      case 2: bytes.remove(at: place)
      case 3: bytes.insert(telling[Int.random(in: telling.indices, using: &random)], at: place)
      default:
        let other = corpus[Int.random(in: corpus.indices, using: &random)]
        bytes.replaceSubrange(place..., with: other.suffix(Int.random(in: 0...other.count, using: &random)))
      }
    }
    return bytes
  }
}
