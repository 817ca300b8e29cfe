import StrataControl
import Testing

@Suite struct ReadingPaceTests {
  private let pace = ReadingPace(restPerItem: .milliseconds(5), restMax: .milliseconds(25))

  @Test func whatComesOneByOneIsReadAtOnce() {
    #expect(pace.rest(after: 0, of: 500) == nil)
    #expect(pace.rest(after: 1, of: 500) == nil)
  }

  @Test func theMoreWasReadTheLongerItRests() {
    #expect(pace.rest(after: 2, of: 500) == .milliseconds(5))
    #expect(pace.rest(after: 6, of: 500) == .milliseconds(25))
    #expect(pace.rest(after: 499, of: 500) == .milliseconds(25))
  }

  @Test func whereMoreWaitsItGoesOn() { #expect(pace.rest(after: 500, of: 500) == nil) }
}
