import Foundation
import StrataAPI
import StrataClient
import StrataCore
import StrataRuntime
import StrataStack
import Testing
import strata

/// Parts of the command that can be looked at without a stack.
@Suite struct CommandPartsTests {
  @Test(arguments: [
    (400, 2), (404, 2), (408, 4), (409, 3), (422, 2), (429, 3), (500, 1), (502, 4), (503, 4),
  ]) func aServersRefusalHasItsExitCode(status: Int, code: Int32) {
    let refusal = ClientError.refused(ProblemDetails(status: status, body: []))
    #expect(Failure.status(of: refusal.strataError.code).rawValue == code)
  }

  /// What is away for a while is waited for, be it the server or what it needs; what is refused is not.
  @Test(arguments: [(404, false), (409, false), (500, false), (502, true), (503, true)])
  func anOutageIsBorne(status: Int, isBorne: Bool) {
    var outage = Outage(of: "job", "1")
    let refusal = ClientError.refused(ProblemDetails(status: status, body: [])).strataError
    do {
      try outage.bear(refusal)
      #expect(isBorne)
    } catch {
      #expect(!isBorne && (error as? StrataError)?.code == refusal.code)
    }
  }

  @Test func whoLeavesARestartIsToldOfEachService() {
    let ever = Duration.seconds(1 << 40)
    let words = Restart.leaving(["worker-1", "worker-2", "worker-3"], ever)
    #expect(words.contains("worker-1 is being restarted all the same, once its running jobs have ended"))
    #expect(words.contains("As they are stay worker-2, worker-3"))
    #expect(words.contains("strata restart worker-1 --job-grace 0 "))
    #expect(!Restart.leaving(["controller"], ever).contains("job"))
    let hastened = Restart.leaving(["worker-1"], .zero)
    #expect(hastened.contains("its running jobs are handed back") && !hastened.contains("--job-grace"))
    #expect(Restart.leaving(["worker-1"], .seconds(90)).contains("its running jobs have 90 s to end"))
  }

  @Test(arguments: [
    ("1B", 1), ("512b", 512), ("7b", 7), ("1K", 1_024), ("1048576", 1_048_576), ("4294967296", 4_294_967_296),
    ("16G", 17_179_869_184), ("16g", 17_179_869_184),
    ("16GiB", 17_179_869_184), ("16gib", 17_179_869_184), ("16Gi", 17_179_869_184), ("16GB", 16_000_000_000),
    ("16gb", 16_000_000_000), ("512MB", 512_000_000), ("512M", 536_870_912), ("1.5G", 1_610_612_736),
    ("0.25kB", 250), ("2T", 2_199_023_255_552),
  ]) func aSizeIsReadAsPeopleTypeIt(text: String, bytes: Int64) throws {
    #expect(try Quantity.bytes(text, of: "--memory") == bytes)
  }

  @Test(arguments: [
    "", "G", "0", "0G", "-1G", "1X", "1GBB", "1iB", "1 G", ".5G", "1.G", "1.2.3", "1e9", "9999999T", "0.1",
    "1.0000001G",
  ]) func whatIsNoSizeIsRefused(text: String) {
    #expect(throws: UsageError.self) { try Quantity.bytes(text, of: "--memory") }
  }

  /// `--memory 4096` is a slip of somebody who thinks of MiB.
  @Test(arguments: ["1", "4096", "1048575", "0.5"]) func aSizeWithoutItsUnitIsAskedFor(text: String) throws {
    let error = #expect(throws: UsageError.self) { try Quantity.bytes(text, of: "--memory") }
    guard !text.contains(".") else { return }
    #expect(
      error?.message
        == "--memory: \(text) what? say \(text)M for MiB or \(text)G for GiB, or \(text)B if you mean bytes")
  }

  @Test func noGPUsCanBeAskedFor() throws {
    for (text, thousandths) in [("0", 0), ("0.0", 0), ("0.5", 500), ("2", 2_000)] as [(String, Int64)] {
      #expect(try Quantity.thousandthsOrNone(text, of: "--gpu") == thousandths)
    }
    for text in ["", "-1", "0.0001", "two"] {
      #expect(throws: UsageError.self) { try Quantity.thousandthsOrNone(text, of: "--gpu") }
    }
  }

  @Test func aTimeIsANumberWithAUnitOrSeconds() throws {
    for (text, seconds) in [
      ("30", 30), ("30s", 30), ("5m", 300), ("2h", 7_200), ("1d", 86_400), ("1h30m", 5_400), ("1.5h", 5_400),
      ("1d12h0m5s", 129_605), ("0.25m", 15), ("0", 0),
    ] as [(String, Int64)] {
      #expect(try Quantity.seconds(text, of: "--timeout") == seconds)
    }
    for text in [
      "", "s", "1w", "-1", "1h30", "30m1h", "1h1h", "1 h", "1.h", ".5h", "1.2.3h", "1e3", "1.5", "0.5s", "1.00001m",
      "99999999999999999999d", "99999999999d", "never",
    ] {
      #expect(throws: UsageError.self) { try Quantity.seconds(text, of: "--timeout") }
    }
    let error = #expect(throws: UsageError.self) { try Quantity.seconds("soon", of: "--timeout") }
    #expect(error?.message == "--timeout takes a time such as 30s, 5m, 1.5h, 1h30m or 1d, not 'soon'")
    #expect(try Quantity.secondsOrNever("never", of: "--class-patience") == 0)
    #expect(try Quantity.secondsOrNever("1h30m", of: "--class-patience") == 5_400)
  }

  /// In a pipe a row is a line, whatever is in it.
  @Test func aListIsATableForAPersonAndLinesForAProgram() {
    var table = Table("JOB", "REASON", "")
    table.add("a", "it\nbroke\tdown\r\nagain", "")
    table.add("bb", "-", "x")
    #expect(table.lines == "a\tit broke down again\t-\nbb\t-\tx")
    #expect(
      table.text.hasPrefix("JOB  REASON") && table.text.hasSuffix("\nbb   -\(String(repeating: " ", count: 20))x"))
  }

  @Test func whoSubmitsWhatIsThereAlreadyIsToldWhy() {
    let id = JobID()
    func accepted(_ isRepeat: Bool, tasks: Int? = nil) -> JobAccepted {
      JobAccepted(
        id: id, state: .running, heldMicrocredits: 0, estimate: .init(chargeMaxMicrocredits: 1), isRepeat: isRepeat,
        tasks: tasks)
    }
    #expect(RepeatText.of(accepted(false), isKeyGiven: true, uniqueKey: "k") == nil)
    // This program's own key: it was only sent again.
    #expect(RepeatText.of(accepted(true), isKeyGiven: false, uniqueKey: nil) == nil)
    let unique = RepeatText.of(accepted(true), isKeyGiven: false, uniqueKey: "k")
    #expect(unique?.contains("job \(id) (running) holds the unique key 'k'") == true)
    let array = RepeatText.of(accepted(true, tasks: 3), isKeyGiven: true, uniqueKey: nil)
    #expect(array?.contains("array \(id) (running) was submitted before under this idempotency key") == true)
  }

  /// What a job says of itself is shown, never obeyed.
  @Test func whatWouldCommandATerminalIsWrittenOut() {
    #expect(
      Terminal.harmless("a\u{1B}[2Jb\u{9B}1m\u{7}\u{7F}\r\u{202E}") == #"a\u001b[2Jb\u009b1m\u0007\u007f\u000d\u202e"#)
    #expect(Terminal.harmless("zwei\tZeilen\n█ ✓") == "zwei\tZeilen\n█ ✓")
  }

  /// What has been told to end is not called ready, and what was called ready is not told to end.
  @Test func anInterruptionIsHeardBeforeTheStartIsOverOrNotAtAll() {
    let early = Interruption()
    #expect(early.hear(SIGINT) == 1 && early.hear(SIGTERM) == 2)
    #expect(early.signal == SIGINT && !early.finish() && early.signal == SIGINT)
    let late = Interruption()
    #expect(late.finish() && late.hear(SIGINT) == nil && late.signal == nil)
  }
}
