import FoundationEssentials
import StrataArtifacts
import StrataCore
import StrataQueue
import StrataWorker
import Testing

/// Attempts that leave traps.
@Suite(.timeLimit(.minutes(2))) struct HostileAttemptTests {
  private let victim = FileManager.default.temporaryDirectory.path + "/strata-victim-\(JobID())"

  /// Where results and logs are looked for.
  private let folders = ["", "/output", "/work" + "/output"]

  /// A folder with files that are nobody's results, at all the places where results and logs are looked for.
  private func makeVictim() throws {
    for folder in folders {
      try FileTree.make(victim + folder)
      for name in ["precious", "log"] {
        #expect(FileManager.default.createFile(atPath: "\(victim)\(folder)/\(name)", contents: Data("mine".utf8)))
      }
    }
  }

  private func expectVictimIsWhole() throws {
    for folder in folders {
      for name in ["precious", "log"] {
        #expect(FileManager.default.contents(atPath: "\(victim)\(folder)/\(name)") == Data("mine".utf8))
      }
    }
    try FileTree.remove(victim)
  }

  private func withStore(_ body: (WorkerFixture, ArtifactStore) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/strata-store-\(JobID())"
    let store = try ArtifactStore(root: folder)
    let fixture = try await WorkerFixture(store: store)
    try await body(fixture, store)
    // The worker has not been spoilt for others.
    _ = try await fixture.shell("echo fine >output/fine")
    try await fixture.stop()
    try FileTree.remove(folder)
  }

  private func text(_ artifact: ArtifactReference?, in store: ArtifactStore) throws -> String {
    let path = try store.path(of: try #require(artifact).digest)
    return String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
  }

  @Test(arguments: [
    "rm -rf output; ln -s VICTIM output", "cd ..; mv work gone; ln -s VICTIM work",
    "rm -rf output; echo no folder >output",
  ]) func aFolderReplacedByALinkFailsTheAttemptAndNothingElse(script: String) async throws {
    try makeVictim()
    try await withStore { fixture, store in
      _ = try await fixture.shell(script.replacing("VICTIM", with: victim), attemptsMax: 3)
      let (outcome, report) = try await fixture.outcome()
      #expect(outcome.ending == .failed && outcome.isFinal && report.results.isEmpty)
      #expect(report.error?.code == "output_replaced" && report.error?.isRetryable == false)
      #expect(try text(report.log, in: store).contains("in the place of its folder"))
      _ = try await fixture.shell("echo fine >output/fine")
      #expect(try await fixture.outcome(after: outcome.position).report.results.map(\.name) == ["fine"])
    }
    try expectVictimIsWhole()
  }

  @Test func theLogIsTheAttemptsOwnWhateverLiesWhereItWas() async throws {
    try makeVictim()
    try await withStore { fixture, store in
      // The attempt's root becomes a link; its results are still found where they were made.
      _ = try await fixture.shell(
        "here=$(dirname $PWD); echo kept >output/kept; mv $here $here.gone; ln -s \(victim) $here; echo said")
      let (outcome, report) = try await fixture.outcome()
      #expect(outcome.ending == .succeeded && report.results.map(\.name) == ["kept"])
      #expect(try text(report.log, in: store) == "said\n")
      _ = try await fixture.shell("ln -s \(victim)/precious ../log; echo spoilt")
      let second = try await fixture.outcome(after: outcome.position)
      #expect(second.report.log == nil)
    }
    try expectVictimIsWhole()
  }

  @Test func anOutputFolderMadeAnewIsAsGoodAsTheFirst() async throws {
    try await withStore { fixture, _ in
      _ = try await fixture.shell("rm -r output; mkdir output; echo new >output/new")
      let (outcome, report) = try await fixture.outcome()
      #expect(outcome.ending == .succeeded && report.results.map(\.name) == ["new"])
      _ = try await fixture.shell("rm -r output")
      let (second, bare) = try await fixture.outcome(after: outcome.position)
      #expect(second.ending == .succeeded && bare.results.isEmpty)
    }
  }

  @Test func namesThatCannotBeKeptAreSaid() async throws {
    try await withStore { fixture, store in
      _ = try await fixture.shell(
        #"cd output; touch good "$(printf 'b\377d')" "$(printf 'two\nlines')" "$(printf 'be\177l')" "$(printf 'schön')""#
      )
      let (outcome, report) = try await fixture.outcome()
      #expect(outcome.ending == .succeeded && report.results.map(\.name) == ["good", "schön"])
      let log = try text(report.log, in: store)
      #expect(log.contains(#"'b\xffd' is not kept: its name is not UTF-8"#))
      #expect(log.contains(#"'two\nlines' is not kept: its name has control characters"#))
      #expect(log.contains(#"'be\u{7F}l' is not kept"#))
    }
  }

  @Test func anInputNamedAsTheStandardInputIsRefused() async throws {
    let fixture = try await WorkerFixture()
    let input = fixture.artifacts.put(Data("x".utf8), named: ".stdin")
    _ = try await fixture.submit(
      "command.run", #"{"command":["cat"],"environment":[],"stdin":"in"}"#, inputs: [input], attemptsMax: 3)
    let (outcome, report) = try await fixture.outcome()
    #expect(outcome.isFinal && report.error?.code == "invalid_input" && report.error?.isRetryable == false)
    #expect(report.error?.message.contains("/") == false && report.error?.message.contains(".stdin") == true)
    _ = try await fixture.submit("command.run", #"{"command":["cat",".stdin"],"environment":[]}"#, inputs: [input])
    #expect(try await fixture.outcome(after: outcome.position).outcome.ending == .succeeded)
    try await fixture.stop()
  }
}
