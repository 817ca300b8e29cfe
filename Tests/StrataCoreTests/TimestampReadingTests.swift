import StrataCore
import Testing

@Suite struct TimestampReadingTests {
  @Test(arguments: [
    ("1970-01-01T00:00:00Z", 0), ("2026-11-21T06:15:54.123456Z", 1_795_241_754_123_456_000),
    ("2026-11-21T08:15:54.123456+02:00", 1_795_241_754_123_456_000),
    ("2026-11-20T22:45:54.123456-07:30", 1_795_241_754_123_456_000),
    ("2024-02-29t00:00:00z", 1_709_164_800_000_000_000),
    ("1969-12-31 23:59:59.5Z", -500_000_000), ("2000-03-01T00:00:00.1234567899Z", 951_868_800_123_456_789),
  ]) func instantsAreRead(text: String, nanoseconds: Int64) {
    #expect(Timestamp(text: text)?.nanoseconds == nanoseconds)
  }

  @Test(arguments: [
    "", "2026", "2026-11-21", "2026-11-21T06:15:54", "2026-11-21T06:15Z", "2026-11-21T24:00:00Z",
    "2026-11-21T06:60:00Z",
    "2026-11-21T06:15:60Z", "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
    "2026-00-10T00:00:00Z", "2026-01-00T00:00:00Z", "2026-04-31T00:00:00Z", "2026-11-21T06:15:54.Z",
    "2026-11-21T06:15:54+2:00", "2026-11-21T06:15:54+02", "2026-11-21T06:15:54Z ", "+026-11-21T06:15:54Z",
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "tomorrow",
  ]) func otherTextsAreRefused(text: String) {
    #expect(Timestamp(text: text) == nil)
  }

  @Test func whatIsWrittenIsRead() {
    var random = SeededGenerator(seed: 7)
    for _ in 0..<10_000 {
      let instant = Timestamp(microseconds: .random(in: -5_000_000_000_000_000...9_000_000_000_000_000, using: &random))
      #expect(Timestamp(text: instant.text) == instant)
    }
  }
}
