import StrataCore
import Testing

@Suite struct IdentifierTests {
  @Test func textAndBytesBothReadBack() throws {
    var random = SeededGenerator(seed: 1)
    for _ in 0..<1_000 {
      let id = JobID(high: random.next(), low: random.next())
      #expect(JobID(id.description) == id)
      #expect(JobID(bytes: id.bytes) == id)
      #expect(JobID(id.description.uppercased()) == id)
    }
  }

  @Test func laterIdentifiersAreGreaterInEveryForm() {
    var random = SeededGenerator(seed: 2)
    var earlier = JobID(now: Timestamp(nanoseconds: 1_700_000_000_000_000_000), using: &random)
    for step in 1...1_000 {
      let now = Timestamp(nanoseconds: 1_700_000_000_000_000_000 + Int64(step) * 500)
      let later = JobID(now: now, using: &random)
      #expect(earlier < later)
      #expect(earlier.description < later.description)
      #expect(earlier.bytes.lexicographicallyPrecedes(later.bytes))
      earlier = later
    }
  }

  @Test func theVersionAndVariantBitsAreThoseOfUUIDVersion7() {
    let bytes = JobID().bytes
    #expect(bytes[6] >> 4 == 7)
    #expect(bytes[8] >> 6 == 2)
  }

  @Test func aPartMeansWhatEndsOrBeginsSo() throws {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<300 {
      let id = JobID(now: .now, using: &random)
      let other = JobID(now: .now, using: &random)
      for length in 6..<26 {
        let end = try #require(IdentifierPart<JobTag>(String(id.description.suffix(length)).uppercased()))
        #expect(end.matches(id) && !end.matches(other))
        #expect(id.low & end.end.mask == end.end.value)
        let beginning = try #require(IdentifierPart<JobTag>(String(id.description.prefix(length))))
        #expect(beginning.matches(id) == (length >= 8))
        if length > 13 { #expect(!beginning.matches(other)) }
      }
    }
  }

  @Test(arguments: ["", "abcde", "abcdeu", "abc-ef", String(repeating: "0", count: 26), "😀😀"])
  func whatIsNoPartIsRefused(_ text: String) { #expect(IdentifierPart<JobTag>(text) == nil) }

  @Test(arguments: [
    "", "short", "zzzzzzzzzzzzzzzzzzzzzzzzzz", "0123456789abcdefghjkmnpqri", "8" + String(repeating: "0", count: 25),
  ])
  func whatIsNoIdentifierIsRefused(_ text: String) {
    #expect(JobID(text) == nil)
  }
}
