import StrataCore
import Testing

@Suite struct JobStateTests {
  @Test func finalStatesHaveNoExitAndTheOthersHave() {
    for state in JobState.allCases {
      let exits = JobState.allCases.filter(state.canBecome)
      #expect(exits.isEmpty == state.isFinal)
      #expect(!exits.contains(state))
    }
  }

  @Test func everyStateButTheFirstCanBeReached() {
    let reached = Set(JobState.allCases.flatMap { from in JobState.allCases.filter(from.canBecome) })
    #expect(Set(JobState.allCases).subtracting(reached) == [.blocked])
  }

  @Test func tierNamesKeepToTheirAlphabet() {
    #expect(TierName(rawValue: "gpu-ultra") != nil)
    for name in ["", "GPU", "1cpu", "a b", "käse", String(repeating: "a", count: 33)] {
      #expect(TierName(rawValue: name) == nil)
    }
  }

  @Test func digestsReadBackAndRefuseOtherText() {
    let digest = ArtifactDigest(bytes: (0..<32).map { UInt8($0 * 8) })!
    #expect(ArtifactDigest(digest.description) == digest)
    #expect(ArtifactDigest(digest.hexadecimal) == digest)
    #expect(ArtifactDigest("sha256:" + String(repeating: "+1", count: 32)) == nil)
    #expect(ArtifactDigest("sha256:abc") == nil)
  }
}
