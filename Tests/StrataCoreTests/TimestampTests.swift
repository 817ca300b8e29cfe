import StrataCore
import Testing

@Suite struct TimestampTests {
  @Test(arguments: [
    (0, "1970-01-01T00:00:00.000000Z"),
    (951_782_400_000_000_000, "2000-02-29T00:00:00.000000Z"),
    (1_795_241_754_123_456_789, "2026-11-21T06:15:54.123456Z"),
    (-1, "1969-12-31T23:59:59.999999Z"),
    (4_102_444_799_000_000_000, "2099-12-31T23:59:59.000000Z"),
  ])
  func instantsReadAsRFC3339(_ nanoseconds: Int64, _ text: String) {
    #expect(Timestamp(nanoseconds: nanoseconds).text == text)
  }
}
