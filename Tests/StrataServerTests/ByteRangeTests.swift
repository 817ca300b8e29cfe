import StrataServer
import Testing

@Suite struct ByteRangeTests {
  @Test(
    arguments: [
      (nil, 100, .whole), ("bytes=0-9", 100, .part(offset: 0, length: 10)),
      ("bytes=90-", 100, .part(offset: 90, length: 10)), ("bytes=-30", 100, .part(offset: 70, length: 30)),
      ("bytes=-300", 100, .part(offset: 0, length: 100)), ("bytes=50-5000", 100, .part(offset: 50, length: 50)),
      ("BYTES=99-99", 100, .part(offset: 99, length: 1)), ("bytes=100-", 100, .unsatisfiable),
      ("bytes=0-", 0, .unsatisfiable), ("bytes=-0", 100, .unsatisfiable), ("bytes=-1", 0, .unsatisfiable),
      ("bytes=9-0", 100, .whole), ("bytes=0-1,5-6", 100, .whole), ("bytes=", 100, .whole), ("bytes=-", 100, .whole),
      ("bytes=a-b", 100, .whole), ("lines=0-1", 100, .whole), ("bytes=--1", 100, .whole),
      ("bytes=0-99999999999999999999", 100, .part(offset: 0, length: 100)),
      ("bytes=99999999999999999999-", 100, .unsatisfiable),
    ] as [(String?, Int, HTTPByteRange)])
  func aRangeIsAppliedToALength(header: String?, length: Int, expected: HTTPByteRange) {
    #expect(HTTPByteRange(header: header, length: length) == expected)
  }

  @Test func contentRangeNamesFirstLastAndWhole() {
    #expect(HTTPByteRange.part(offset: 10, length: 5).contentRange(length: 100) == "bytes 10-14/100")
    #expect(HTTPByteRange.unsatisfiable.contentRange(length: 7) == "bytes */7")
    #expect(HTTPByteRange.whole.contentRange(length: 7) == nil)
  }
}
