import Foundation
import StrataCore
import TestSupport
import Testing

@Suite struct JobInputTests {
  private static let job = JobID()

  private static func read(_ json: String) throws -> JobInput {
    try JSONDecoder().decode(JobInput.self, from: Data(json.utf8))
  }

  @Test func `an input is what is stored, or a result of a job`() throws {
    let digest = try #require(ArtifactDigest(bytes: [UInt8](repeating: 7, count: 32)))
    let stored = JobInput.artifact(ArtifactReference(name: "scan.laz", digest: digest, sizeBytes: 12))
    let results = [
      ResultReference(job: Self.job, result: "*.tif"), ResultReference(name: "a", job: Self.job, result: "b"),
    ]
    for input in [stored] + results.map(JobInput.result) {
      let json = String(decoding: try JSONEncoder().encode(input), as: UTF8.self)
      #expect(try Self.read(json) == input, "\(json)")
    }
    #expect(try Self.read(#"{"job":"\#(Self.job)","result":"*.tif"}"#) == .result(results[0]))
  }

  @Test(arguments: [
    #"{"job":"JOB"}"#, #"{"result":"a"}"#, #"{"name":"a"}"#, #"{"job":"JOB","result":"a","size_bytes":1}"#,
    #"{"job":"JOB","result":"a","digest":"sha256:00"}"#, #"{"job":"none","result":"a"}"#,
  ]) func `half of either is neither`(text: String) {
    let json = text.replacingOccurrences(of: "JOB", with: "\(Self.job)")
    #expect(throws: DecodingError.self, "\(json)") { try Self.read(json) }
  }

  @Test func `inputs are called as their results, unless they are named`() {
    let plain = ResultReference(job: Self.job, result: "*")
    #expect(plain.inputName(of: "a.tif", task: nil) == "a.tif" && plain.inputName(of: "a.tif", task: 7) == "7-a.tif")
    let named = ResultReference(name: "part {task}", job: Self.job, result: "a")
    #expect(named.inputName(of: "a", task: 12) == "part 12" && named.inputName(of: "a", task: nil) == "part {task}")
  }

  /// One after another, as its definition has it.
  private static func matches(_ pattern: ArraySlice<Character>, _ name: ArraySlice<Character>) -> Bool {
    guard let first = pattern.first else { return name.isEmpty }
    if first == "*" {
      return matches(pattern.dropFirst(), name) || (!name.isEmpty && matches(pattern, name.dropFirst()))
    }
    return name.first == first && matches(pattern.dropFirst(), name.dropFirst())
  }

  @Test func `a pattern stands for the names that its definition says`() {
    var random = SeededGenerator(seed: testSeed)
    var found = 0
    for _ in 0..<20_000 {
      let pattern = (0..<Int.random(in: 0...6, using: &random)).map { _ in "ab*".randomElement(using: &random) ?? "*" }
      let name = (0..<Int.random(in: 0...7, using: &random)).map { _ in "ab".randomElement(using: &random) ?? "a" }
      let expected = Self.matches(pattern[...], name[...])
      found += expected ? 1 : 0
      let matches = ResultPattern(String(pattern)).matches(String(name))
      #expect(matches == expected, "\(String(pattern)) and \(String(name)), STRATA_SEED=\(testSeed)")
    }
    #expect(found > 1_000)
    #expect(!ResultPattern("a").isOpen && ResultPattern("*").isOpen)
  }
}
