import Foundation
import StrataAPI
import StrataClient
import StrataCore
import TestSupport
import Testing

/// The wishes about what goes wrong.
extension WishTests {
  @Test func aJobThatKillsItsWorkersIsStopped() async throws {
    let story = try await OneStack.stack.workerKiller.value
    let killer = story.killer
    #expect(killer.state == .failed && killer.error?.code == "worker_lost_repeatedly", "\(killer)")
    #expect(killer.attempts.map(\.ending) == [.expired, .expired, .expired])
    #expect(Set(killer.attempts.map(\.worker)).count == 3)
    #expect(story.kills == ["kill-1", "kill-2", "kill-3"])
    #expect(killer.chargedMicrocredits == 0 && killer.heldMicrocredits == 0)
    // The next worker is not fed it, and lives.
    #expect(story.survivor.state == .succeeded)
    #expect(story.survivor.attempts.map(\.attempt) == [1])
  }

  /// Its lease, of 10 s, is over, and the next worker has it. Nobody asked for that.
  @Test func aDeadWorkersJobsAreRunAgainWithinSeconds() async throws {
    let story = try await OneStack.stack.workerKiller.value
    let bystander = story.bystander
    #expect(bystander.state == .succeeded, "\(bystander)")
    #expect(bystander.attempts.map(\.ending) == [.expired, .succeeded])
    #expect(bystander.attempts[0].worker != bystander.attempts[1].worker)
    // What the dead worker had started did not go on beside the second attempt.
    #expect(story.throughs == 1)
    #expect(story.posted == bystander.chargedMicrocredits + story.survivor.chargedMicrocredits)
    #expect(bystander.chargedMicrocredits > 0 && story.held == 0)
  }

  @Test func aRunningJobIsCancelledAndItsPartialResultsAreKept() async throws {
    let wishes = try OneStack.stack
    let owner = try await wishes.tenant("partial")
    let script = """
      echo half > output/part; echo begun; echo begun >> '\(wishes.path("partial"))'
      while :; do sleep 0.05; done
      """
    try await wishes.withWorker(for: owner, slots: 1) { _ in
      let job = try await owner.submit(wishes.script(script))
      try await wishes.eventuallyLine("begun", in: "partial")
      try await owner.cancel(job)
      let ended = try await owner.finished(job)
      #expect(ended.state == .cancelled && ended.chargedMicrocredits == 0 && ended.heldMicrocredits == 0, "\(ended)")
      let part = try #require(ended.results.first)
      #expect(ended.results.count == 1 && part.name == "part")
      let bytes = try await owner.client.send(ClientRequest("GET", ["v1", "artifacts", part.digest.description])).body
      #expect(String(decoding: bytes, as: UTF8.self) == "half\n")
      let log = try await owner.client.send(ClientRequest("GET", ["v1", "jobs", job.description, "log"])).body
      #expect(String(decoding: log, as: UTF8.self).hasPrefix("begun\n"))
      // The slot is free again.
      try await owner.expectSucceeded([try await owner.submit(wishes.script("true"))])
    }
  }

  /// Redis gets little memory, and jobs are submitted until no more are accepted: before Redis has none left. Those that
  /// were accepted run, and then there is room.
  @Test func backpressureBeforeRedisIsFull() async throws {
    let wishes = try OneStack.stack
    // Its last job must not be refused.
    _ = try? await wishes.workerKiller.value
    let owner = try await wishes.tenant("pressing")
    let before = try await wishes.admission()
    let most = before.memoryUsedBytes + 5 << 20
    try await wishes.stack.redis("CONFIG", "SET", "maxmemory", "\(most)")
    do {
      try await waitUntil("the controller has seen the limit") { try await wishes.admission().memoryMaxBytes == most }
      let accepted = try await fill(owner, wishes)
      let full = try await wishes.admission()
      #expect(!full.isOpen && full.memoryUsedBytes < most && accepted.count > 50, "\(accepted.count): \(full)")
      let refusal = try #require(try await owner.refusal(of: wishes.script("true")))
      #expect(refusal.status == 503 && refusal.code == "queue_full" && refusal.retryAfter != nil, "\(refusal)")
      try await wishes.withWorker(for: owner, slots: 4) { _ in
        try await owner.expectSucceeded(accepted)
        try await waitUntil("jobs are accepted again") { try await wishes.admission().isOpen }
        try await owner.expectSucceeded([try await owner.submit(wishes.script("true"))])
      }
    } catch {
      try await wishes.stack.redis("CONFIG", "SET", "maxmemory", "\(before.memoryMaxBytes ?? 0)")
      throw error
    }
    try await wishes.stack.redis("CONFIG", "SET", "maxmemory", "\(before.memoryMaxBytes ?? 0)")
  }

  /// Submits jobs of some 20 kB each until the queue is said to be full; any other refusal is an error.
  private func fill(_ owner: Owner, _ wishes: WishStack) async throws -> [JobID] {
    let words = ["true", String(repeating: "x", count: 20_000)].map(JSONValue.string)
    let batch = Array(
      repeating: JobRequest(capability: "command.run", params: ["command": .array(words)]), count: 25)
    var accepted: [JobID] = []
    for _ in 0..<100 {
      let isFull: Bool
      do {
        let jobs = try await owner.submit(batch)
        accepted += jobs
        isFull = jobs.count < batch.count
      } catch ClientError.refused(let problem) {
        #expect(problem.code == "queue_full", "\(problem)")
        isFull = true
      }
      if isFull { return accepted }
    }
    throw Missing(description: "a refusal of one of \(accepted.count) jobs")
  }

  /// Two jobs run, one waits and one is cancelled when Redis loses everything; then comes another one.
  @Test func nothingIsLostWhenRedisIsLost() async throws {
    let wishes = try OneStack.stack
    _ = try? await wishes.workerKiller.value
    let owner = try await wishes.tenant("flushed")
    try await wishes.withWorker(for: owner, slots: 2) { _ in
      let running = [
        try await owner.submit(wishes.waiting("flushed-1", in: "flushed")),
        try await owner.submit(wishes.waiting("flushed-2", in: "flushed")),
      ]
      for line in ["flushed-1", "flushed-2"] { try await wishes.eventuallyLine(line, in: "flushed") }
      let waiting = try await owner.submit(wishes.writing("waiting", to: "flushed"))
      let dropped = try await owner.submit(wishes.writing("dropped", to: "flushed"))
      try await owner.cancel(dropped)
      try await wishes.stack.redis("FLUSHALL")
      for gate in ["flushed-1", "flushed-2"] { wishes.open(gate) }
      let later = try await owner.submit(wishes.writing("later", to: "flushed"))
      let all = running + [waiting, later]
      try await owner.expectSucceeded(all)
      var charged: Int64 = 0
      for job in all {
        let view = try await owner.job(job)
        #expect(view.attempts.count { $0.ending == .succeeded } == 1)
        charged += view.chargedMicrocredits
      }
      let account = try await owner.account()
      #expect(account.postedMicrocredits == charged && account.heldMicrocredits == 0)
      let lines = wishes.lines("flushed")
      #expect(lines.contains("waiting") && lines.contains("later"))
      // Its owner had let it go before anybody started it: the rebuilt queue must not bring it back.
      #expect(try await owner.job(dropped).state == .cancelled && !lines.contains("dropped"))
    }
    let books: LedgerView = try await wishes.stack.client.send(
      ClientRequest("GET", ["v1", "ledger", "verification"])
    ).decode()
    #expect(books.violations == [])
  }
}

/// A job that kills each worker that runs it, beside one that does no harm. It takes as long as three leases, so it goes on
/// beside other tests: it needs more cores than any of their workers has.
struct WorkerKillerStory: Sendable {
  static let cores = 24

  let killer: JobView
  let bystander: JobView
  /// One that ran on the worker after the last that was killed.
  let survivor: JobView
  /// What each attempt of the killer wrote as it began.
  let kills: [String]
  /// How often the bystander got through.
  let throughs: Int
  let posted: Int64
  let held: Int64

  /// Its n-th attempt waits at the gate `kill-n`, then kills the parent of its runner.
  private static func killing(_ wishes: WishStack) -> JobRequest {
    let script = """
      attempt=kill-$(($(cat '\(wishes.path("kills"))' | wc -l) + 1)); echo $attempt >> '\(wishes.path("kills"))'
      until [ -e "\(wishes.path(""))$attempt" ]; do sleep 0.02; done
      read -r runner name state worker rest < /proc/$PPID/stat; kill -9 $worker; sleep 60
      """
    return wishes.script(script, cores: cores)
  }

  init(on wishes: WishStack) async throws {
    let owner = try await wishes.tenant("killer")
    wishes.open("kills")
    var worker = try await wishes.startWorker(for: owner, slots: 2, cores: 2 * Self.cores)
    let beside = try await owner.submit(
      wishes.script(
        "echo bystander >> '\(wishes.path("bystanders"))'; until [ -e '\(wishes.path("pass"))' ]; do sleep 0.02; done;"
          + " echo through >> '\(wishes.path("throughs"))'", cores: Self.cores))
    try await wishes.eventuallyLine("bystander", in: "bystanders")
    let job = try await owner.submit(Self.killing(wishes))
    for number in 1...3 {
      try await wishes.eventuallyLine("kill-\(number)", in: "kills")
      if number == 2 { _ = try await owner.finished(beside) }
      let orphans = Set(wishes.stack.processes(wishes.path("pass")))
      wishes.open("kill-\(number)")
      _ = await worker.ended()
      try await waitUntil("what the dead worker had started has ended") {
        orphans.isDisjoint(with: wishes.stack.processes(wishes.path("pass")))
      }
      wishes.open("pass")
      worker = try await wishes.startWorker(for: owner, slots: 2, cores: 2 * Self.cores)
    }
    killer = try await owner.finished(job)
    bystander = try await owner.job(beside)
    survivor = try await owner.finished(try await owner.submit(wishes.script("true", cores: Self.cores)))
    worker.interrupt()
    _ = await worker.ended()
    (kills, throughs) = (wishes.lines("kills"), wishes.lines("throughs").count)
    let account = try await owner.account()
    (posted, held) = (account.postedMicrocredits, account.heldMicrocredits)
  }
}
