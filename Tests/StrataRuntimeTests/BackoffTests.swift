import StrataRuntime
import Testing

@Suite struct BackoffTests {
  @Test func waitsGrowToTheirBoundAndBeginAgain() {
    var backoff = Backoff(first: .milliseconds(100), longest: .seconds(1))
    let waits = (0..<40).map { _ in backoff.next() }
    #expect(waits[0] <= .milliseconds(100) && waits[0] >= .milliseconds(50))
    #expect(waits.allSatisfy { $0 <= .seconds(1) } && waits[10...].allSatisfy { $0 >= .milliseconds(500) })
    backoff.reset()
    #expect(backoff.next() <= .milliseconds(100))
  }

  @Test func aSeedDecidesAllWaits() {
    func waits(_ seed: UInt64) -> [Duration] {
      var backoff = Backoff(first: .milliseconds(100), longest: .seconds(1), seed: seed)
      return (0..<20).map { _ in backoff.next() }
    }
    #expect(waits(1) == waits(1))
    #expect(waits(1) != waits(2))
  }
}
