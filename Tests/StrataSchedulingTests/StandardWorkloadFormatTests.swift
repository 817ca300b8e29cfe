import StrataCore
import StrataScheduling
import TestSupport
import Testing

@Suite struct StandardWorkloadFormatTests {
  private static let line = "1 10 5 60 4 -1 -1 8 3600 -1 1 3 2 -1 0 -1 -1 -1"

  private static func read(_ text: String, jobsMax: Int = 100) throws(WorkloadFormatError) -> WorkloadTrace {
    try StandardWorkloadFormat.read(Array(text.utf8), jobsMax: jobsMax)
  }

  @Test func aTraceIsReadWithItsHeader() throws {
    let trace = try Self.read(
      """
      ; Version: 2.2
      ;  Computer: IBM SP2
      ; MaxProcs: 100 (all of them)
      ; MaxProcs: 7
      ;MaxNodes:\t50
      ; UnixStartTime: 843480031
      ; TimeZoneString: Europe/Stockholm
      ; a comment without a colon

      \(Self.line)\r
      ; a comment between jobs
      \t2 10.5 -1 0.0625 -1 1.25 12.5 1 -1 -1 -1 -1 -1 -1 -1 -1 1 7.0
      """)
    #expect(trace.header.computer == "IBM SP2" && trace.header.timeZone == "Europe/Stockholm")
    #expect(trace.header.processorsMax == 100 && trace.header.nodesMax == 50)
    #expect(trace.header.unixStartSeconds == 843_480_031)
    let (first, second) = (trace.jobs[0], trace.jobs[1])
    #expect(first.number == 1 && first.submitMilliseconds == 10_000 && first.waitMilliseconds == 5_000)
    #expect(first.runMilliseconds == 60_000 && first.processorsAllocated == 4 && first.cpuMilliseconds == nil)
    #expect(first.processorsRequested == 8 && first.requestedMilliseconds == 3_600_000 && first.status == .completed)
    #expect(first.user == 3 && first.group == 2 && first.queue == 0 && first.precedingJob == nil)
    #expect(second.submitMilliseconds == 10_500 && second.runMilliseconds == 62 && second.cpuMilliseconds == 1_250)
    #expect(second.memoryKilobytes == 12 && second.requestedMilliseconds == nil && second.status == nil)
    #expect(second.precedingJob == 1 && second.thinkMilliseconds == 7_000)
  }

  @Test func jobsAreGivenInOrderOfSubmission() throws {
    let lines = [30, 10, 20, 10].enumerated().map { "\($0) \($1)" + Self.line.dropFirst(4) }
    #expect(try Self.read(lines.joined(separator: "\n")).jobs.map(\.number) == [1, 3, 2, 0])
  }

  /// The valid line with one field replaced.
  private static func replacing(_ field: Int, with word: String) -> String {
    var words = line.split(separator: " ").map(String.init)
    words[field - 1] = word
    return "; a comment\n\n" + words.joined(separator: " ")
  }

  @Test(arguments: [
    (5, "4x", WorkloadFormatError.Reason.malformed("number of allocated processors", "4x")),
    (5, "4.5", .malformed("number of allocated processors", "4.5")), (4, "1.", .malformed("run time", "1.")),
    (4, ".5", .malformed("run time", ".5")), (4, "1.2.3", .malformed("run time", "1.2.3")),
    (4, "-", .malformed("run time", "-")), (4, "--1", .malformed("run time", "--1")),
    (4, "+1", .malformed("run time", "+1")), (4, "1e9", .malformed("run time", "1e9")),
    (4, "nan", .malformed("run time", "nan")), (4, "1\u{0}", .malformed("run time", "1?")),
    (4, "٣", .malformed("run time", "??")), (4, "-2", .outOfRange("run time", "-2")),
    (4, "-1.5", .outOfRange("run time", "-1.5")),
    (4, "99999999999999999999999999", .outOfRange("run time", "99999999999999999999999999")),
    (11, "6", .outOfRange("status", "6")), (1, "-1", .missing("job number")), (2, "-1", .missing("submit time")),
    (18, "1 2", .fieldCount(19)), (18, "", .fieldCount(17)),
  ])
  func whatIsNoJobIsRefusedWithItsLine(field: Int, word: String, reason: WorkloadFormatError.Reason) {
    let text = Self.replacing(field, with: word)
    #expect(throws: WorkloadFormatError(line: 3, reason: reason), "\(text)") { try Self.read(text) }
  }

  @Test func aHostileFileTakesLittleMemory() {
    let long = [UInt8](repeating: UInt8(ascii: "1"), count: 5_000)
    #expect(throws: WorkloadFormatError(line: 1, reason: .lineTooLong)) { try StandardWorkloadFormat.read(long) }
    #expect(throws: WorkloadFormatError(line: 1, reason: .lineTooLong)) {
      try StandardWorkloadFormat.read([UInt8(ascii: ";")] + long)
    }
    let many = [String](repeating: Self.line, count: 4).joined(separator: "\n")
    #expect(throws: WorkloadFormatError(line: 4, reason: .tooManyJobs(3))) { try Self.read(many, jobsMax: 3) }
    #expect(
      "\(WorkloadFormatError(line: 4, reason: .tooManyJobs(3)))"
        == "line 4: there are more than 3 jobs; cut the trace into parts")
  }

  @Test func anyBytesAreReadOrRefused() {
    var random = SeededGenerator(seed: testSeed)
    let valid = Array(("; MaxProcs: 9\n" + Self.line + "\n" + Self.line + "\n").utf8)
    for _ in 0..<3_000 {
      var bytes = valid
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0...2, using: &random) {
        case 0: bytes[place] = .random(in: 0...255, using: &random)
        case 1: bytes.remove(at: place)
        default: bytes.insert("0123456789-.; \n\r".utf8.randomElement(using: &random) ?? 0, at: place)
        }
      }
      let trace = try? StandardWorkloadFormat.read(bytes)
      #expect((trace?.jobs.count ?? 0) <= 4, "STRATA_SEED=\(testSeed)")
    }
  }

  @Test(.disabled(if: SharedTraces.isAbsent)) func theTraceOfKTHIsReadWhole() throws {
    let trace = try StandardWorkloadFormat.read(try #require(SharedTraces.kthSP2))
    #expect(trace.jobs.count == 28_476 && trace.header.processorsMax == 100)
    #expect(trace.jobs.first?.number == 15 && trace.jobs.last.map { $0.submitMilliseconds > 0 } == true)
    #expect(trace.jobs.allSatisfy { $0.runMilliseconds != nil && $0.requestedMilliseconds != nil })
  }
}
