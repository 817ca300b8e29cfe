import Foundation
import StrataCore
import StrataRuntime
import TestSupport
import Testing

/// The benchmark that has a trace run by real workers, short enough for a test: so that it goes on working.
@Suite(.serialized) struct TraceRunTests {
  private static let benchmark = (StackUnderTest.binary as NSString).deletingLastPathComponent + "/strata-bench"

  /// The benchmark with a temporary folder of its own.
  private func specification(_ words: [String], in folder: String) -> ProcessSpecification {
    var specification = ProcessSpecification(
      Self.benchmark, ["trace-run"] + words, workingDirectory: folder)
    specification.environment["TMPDIR"] = folder
    specification.environment["STRATA_SHARED_DATA"] = folder
    specification.standardOutput = .file(folder + "/output")
    specification.standardError = .file(folder + "/errors")
    return specification
  }

  private func output(in folder: String) -> String {
    (try? String(contentsOfFile: folder + "/output", encoding: .utf8)) ?? ""
  }

  /// What is left of the benchmark's folders, and the processes that name one of them.
  private func leftovers(in folder: String) throws -> [String] {
    let files = try FileManager.default.contentsOfDirectory(atPath: folder)
    let processes = ProcessTree.everyone().filter { process in
      let line = FileManager.default.contents(atPath: "/proc/\(process.pid)/cmdline") ?? Data()
      return String(decoding: line, as: UTF8.self).contains(folder)
    }
    return files.filter { $0 != "output" && $0 != "errors" } + processes.map { "process \($0.pid)" }
  }

  @Test(.timeLimit(.minutes(3))) func aShortTraceRunsToTheEnd() async throws {
    try await withFolder("t") { folder in
      let words = ["--generate", "7", "--jobs", "20", "--acceleration", "20000"]
      let exit = try await ChildProcess.spawn(specification(words, in: folder)).wait()
      let printed = output(in: folder)
      #expect(exit.isSuccess, "\(printed)")
      let rows = printed.split(separator: "\n").filter { $0.contains(#/^ +0\.[0-9]{4} /#) }
      #expect(rows.count == 5, "\(printed)")
      for row in ["first come first served", "EASY backfilling", "worker SIMULATED", "rounded up", "REAL workers"] {
        #expect(rows.count { $0.contains(row) } == 1, "\(row): \(printed)")
      }
      // Nobody waits less than not at all, and no job ends before it has run.
      let real = try #require(rows.last).split(separator: " ").prefix(6).compactMap { Double($0) }
      #expect(real.count == 6 && real[1] > 0 && real[4] >= real[3] && real[5] > 1, "\(printed)")
      #expect(try leftovers(in: folder) == [])
    }
  }

  @Test(.timeLimit(.minutes(3))) func anInterruptedOneStopsWhatItStarted() async throws {
    try await withFolder("t") { folder in
      // The second job comes after hours.
      let words = ["--generate", "7", "--jobs", "5", "--acceleration", "1"]
      let run = try await ChildProcess.spawn(specification(words, in: folder))
      try await waitUntil("its stack takes jobs", within: .seconds(90)) {
        let stacks = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix("strata-bench") }
        return stacks.contains { FileManager.default.fileExists(atPath: "\(folder)/\($0)/data/run/ready") }
      }
      run.signal(SIGINT)
      let exit = await run.wait()
      #expect(exit.status == .exited(130))
      #expect(output(in: folder).contains("broken off"))
      #expect(try leftovers(in: folder) == [])
    }
  }

  @Test(.timeLimit(.minutes(1))) func whatIsMissingIsSaidLoudly() async throws {
    try await withFolder("t") { folder in
      let exit = try await ChildProcess.spawn(specification([], in: folder)).wait()
      let errors = try String(contentsOfFile: folder + "/errors", encoding: .utf8)
      #expect(exit.status == .exited(1) && errors.contains("MISSING") && errors.contains("--generate"), "\(errors)")
    }
  }
}
