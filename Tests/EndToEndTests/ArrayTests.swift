import Foundation
import StrataAPI
import StrataClient
import StrataCore
import TestSupport
import Testing

/// Arrays on the real servers, also when the controller falls at the worst moment.
@Suite(.serialized) struct ArrayTests {
  private func view(_ result: CommandResult) throws -> ArrayView {
    try JSONDecoder().decode(ArrayView.self, from: Data(result.output.utf8))
  }

  /// The controller is killed when tasks are to be made, when they are committed and not enqueued, and in the middle of
  /// the settlement that makes room for more.
  @Test(
    .timeLimit(.minutes(5)),
    arguments: ["window-making:1", "making-enqueue:1", "making-enqueue:2", "settlement-acknowledgement:3"])
  func everyTaskRunsOnceWhereverItsControllerFalls(crashPoint: String) async throws {
    let stack = try await StackUnderTest(crashPoint: crashPoint)
    let runs = stack.folder + "/task-runs"
    let made = try await strata(
      ["submit", "command.run", "--array", "0-59%8", "--param", #"command=["sh","-c","echo {task} >> '\#(runs)'"]"#],
      on: stack)
    #expect(made.code == 0, "\(made)")
    let id = made.output.trimmingCharacters(in: .whitespacesAndNewlines)
    try await waitUntil("all tasks have run", within: .seconds(120)) { stack.lines(runs) >= 60 }
    #expect(
      !FileManager.default.fileExists(atPath: stack.folder + "/crash-point"), "the crash point was never reached")
    try await waitUntil("the array is finished", within: .seconds(60)) {
      try await strata(["array", "show", id], on: stack).output.contains("state         succeeded")
    }
    let text = try String(contentsOfFile: runs, encoding: .utf8)
    let indexes = text.split(separator: "\n").compactMap { Int($0) }.sorted()
    #expect(indexes == Array(0..<60), "\(indexes)")
    let array = try #require(ArrayID(id))
    try await stack.expectSettledOnce((0..<60).map(array.task))
    await stack.stop()
  }

  @Test(.timeLimit(.minutes(5))) func arraysAreUsedFromTheCommandLine() async throws {
    let stack = try await StackUnderTest()
    try "shared".write(toFile: stack.folder + "/input", atomically: true, encoding: .utf8)
    let script =
      #"cat input; echo " $1 $STRATA_TASK_INDEX $STRATA_TASK_COUNT $STRATA_TASK_MIN $STRATA_TASK_MAX"; test $1 != 7"#
    let run = try await strata(
      [
        "run", "--array", "1-9:2", "--input", stack.folder + "/input", "--json", "--", "sh", "-c", script, "sh",
        "{task}",
      ],
      on: stack)
    #expect(run.code == 1, "\(run)")
    let ended = try view(run)
    #expect(ended.state == "failed" && ended.succeeded == 4 && ended.failedIndexes == "7", "\(run)")
    let id = ended.id.description
    let log = try await strata(["job", "logs", "\(id)[3]"], on: stack)
    #expect(log.output == "shared 3 3 5 1 9\n", "\(log)")
    let shown = try await strata(["job", "show", "\(id)[7]"], on: stack)
    #expect(shown.output.contains("7 of array \(id)") && shown.output.contains("failed"), "\(shown)")
    let tasks = try await strata(["array", "tasks", id, "--state", "failed"], on: stack)
    #expect(tasks.output.split(separator: "\n").count == 1 && tasks.output.contains("exit_status"), "\(tasks)")
    let again = try await strata(["array", "retry", id], on: stack)
    let retried = again.output.trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(try await strata(["array", "wait", retried], on: stack).code == 1)
    #expect(try await strata(["array", "list", "--limit", "all"], on: stack).output.contains(retried))

    let million = try await strata(["submit", "noop", "--array", "0-999999", "--json"], on: stack)
    let accepted = try JSONDecoder().decode(JobAccepted.self, from: Data(million.output.utf8))
    #expect(accepted.tasks == 1_000_000)
    let large = accepted.id.description
    let last = try await strata(["array", "show", large, "999999"], on: stack)
    #expect(last.code == 0 && last.output.contains("is pending"), "\(last)")
    let why = try await strata(["array", "explain", large, "999999"], on: stack)
    #expect(why.code == 0 && why.output.contains("other tasks of the array are made first"), "\(why)")
    let cancelled = try await strata(["array", "cancel", large], on: stack)
    #expect(cancelled.code == 0 && cancelled.output.contains("cancelled"), "\(cancelled)")
    #expect(try await strata(["array", "wait", large], on: stack).code == 1)
    let books = try await strata(["ledger", "verify"], on: stack)
    #expect(books.code == 0, "\(books)")
    await stack.stop()
  }

  /// Nobody is asked for what can be seen to be wrong here.
  @Test(arguments: [
    (["array"], "what is to be done"), (["array", "shw", "x"], "did you mean 'show'?"),
    (["array", "show"], "array show ID [INDEX]"), (["array", "show", "x"], "not an array's identifier"),
    (["array", "list", "--state", "failed"], "--state is for"), (["submit", "noop", "--array", "9-1"], "goes upwards"),
    (["submit", "noop", "--array", "0-9%x"], "after %"), (["submit", "noop", "--array", "0-1000000"], "too large"),
    (["submit", "noop", "--array", "0-9", "--wait", "--out", "y"], "--out is not for --array"),
  ])
  func whatIsWrongIsSaidInTheWordsOfTheCommandLine(words: [String], says: String) async throws {
    try await withFolder("none") { folder in
      let result = try await strata(words + ["--data-dir", folder + "/data"])
      #expect(result.code == 2 && result.errors.contains(says), "\(result)")
    }
  }
}
