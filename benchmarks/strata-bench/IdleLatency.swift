import StrataAPI
import StrataCore
import StrataRuntime

/// How soon does a single job start where all is idle, beside beanstalkd?
///
/// Ours: a whole stack with one worker, asked over HTTP; the job is committed before the answer. Two moments of two jobs are
/// told, in turn: when Redis granted the lease of a `noop`, by its own clock of the same machine (its handler is in the worker, and
/// starts as soon as that has the answer), and when `/bin/date`, started by `command.run`, read the clock: then folders have been
/// made, a runner was told, and a program was started. A handler in the runner starts between the two.
///
/// Beside it, in turn with them: a job that is put into a beanstalkd, in memory, until the client that waits in
/// `reserve` has it; both over a unix socket.
///
/// Each wait is told twice: from when the request was sent, and from when its sender had the acknowledgement. What is below 0
/// had started before that.
enum IdleLatencyBenchmark {
  private static let rounds = 5
  private static let pause = Duration.milliseconds(20)

  /// Milliseconds of one kind of job, in one round.
  private struct Waits {
    private var all: [Wait] = []

    struct Wait {
      let sent: Timestamp
      let acknowledged: Timestamp
      let started: Timestamp
    }

    mutating func add(_ wait: Wait) { all.append(wait) }

    func sent(_ share: Double) -> Double {
      percentile(share, of: all.map { ($0.started - $0.sent).seconds * 1_000 })
    }
    func acknowledged(_ share: Double) -> Double {
      percentile(share, of: all.map { ($0.started - $0.acknowledged).seconds * 1_000 })
    }
  }

  private struct Round {
    var leased = Waits()
    var program = Waits()
    var peer = Waits()
  }

  static func run(arguments: [String]) async throws {
    let options = BenchmarkOptions(arguments)
    try options.checkNames(["--jobs"])
    let jobs = try options.number("--jobs", in: 50...100_000) ?? 500
    try await CleanUp.after { cleanUp in
      let peer = try await IdleBeanstalk(cleanUp)
      let stack = try await BenchmarkStack()
      cleanUp.add { await stack.stop() }
      _ = try await round(stack, peer, 10)
      var all: [Round] = []
      for _ in 0..<rounds { all.append(try await round(stack, peer, jobs / rounds)) }
      report(all, jobs)
    }
  }

  private static func round(_ stack: BenchmarkStack, _ peer: IdleBeanstalk, _ count: Int) async throws -> Round {
    var round = Round()
    for _ in 0..<count {
      round.leased.add(try await noop(stack))
      try await Task.sleep(for: pause)
      round.program.add(try await date(stack))
      try await Task.sleep(for: pause)
      let (sent, acknowledged, reserved) = try await peer.oneJob()
      round.peer.add(Waits.Wait(sent: sent, acknowledged: acknowledged, started: reserved))
      try await Task.sleep(for: pause)
    }
    return round
  }

  private static func noop(_ stack: BenchmarkStack) async throws -> Waits.Wait {
    let sent = Timestamp.now
    let job = try await stack.submitNoop()
    let acknowledged = Timestamp.now
    guard let started = try await stack.finished(job).startedAt.flatMap({ Timestamp(text: $0) }) else {
      throw StrataError(.internalError, "job \(job) has never started")
    }
    return Waits.Wait(sent: sent, acknowledged: acknowledged, started: started)
  }

  private static func date(_ stack: BenchmarkStack) async throws -> Waits.Wait {
    let words = ["/bin/date", "+%s%N"].map { JSONValue.string($0) }
    let request = JobRequest(capability: "command.run", params: ["command": .array(words)])
    let sent = Timestamp.now
    let job = try await stack.submit(request)
    let acknowledged = Timestamp.now
    _ = try await stack.finished(job)
    let text = try await stack.log(of: job)
    guard let nanoseconds = Int64(text) else {
      throw StrataError(.internalError, "the program of job \(job) has printed '\(text)'")
    }
    return Waits.Wait(sent: sent, acknowledged: acknowledged, started: Timestamp(nanoseconds: nanoseconds))
  }

  private static func report(_ all: [Round], _ jobs: Int) {
    print("one job at a time, \(jobs) of each kind, milliseconds: medians of \(all.count) rounds of p50 / p99")
    func row(_ name: String, _ waits: KeyPath<Round, Waits>) {
      func both(_ value: (Waits) -> (Double) -> Double) -> String {
        [0.5, 0.99].map { share in
          "\(median(all.map { value($0[keyPath: waits])(share) }).rounded(toPlaces: 2))"
        }.joined(separator: " / ")
      }
      print("  \(name): \(both { $0.sent }) from the request, \(both { $0.acknowledged }) from the acknowledgement")
    }
    row("noop is leased", \.leased)
    row("program of command.run runs", \.program)
    row("beanstalkd: waiting client has it", \.peer)
    for share in [0.5, 0.99] {
      let p = "p\(Int(share * 100)), beside beanstalkd"
      print("  leased, from the request, \(p): \(paired(all, \.leased) { $0.sent(share) })")
      print("  program runs, from the acknowledgement, \(p): \(paired(all, \.program) { $0.acknowledged(share) })")
    }
  }

  /// - Parameter waits: those of ours.
  private static func paired(
    _ all: [Round], _ waits: KeyPath<Round, Waits>, _ value: (Waits) -> Double
  ) -> String {
    var rounds = PairedRounds()
    for round in all { rounds.add(value(round[keyPath: waits]), beside: value(round.peer)) }
    return rounds.ratio
  }
}

/// A beanstalkd with a client that waits for a job, and one that puts some.
private struct IdleBeanstalk {
  private let producer: BeanstalkClient
  private let reserved: AsyncThrowingStream<Timestamp, any Error>

  init(_ cleanUp: CleanUp) async throws {
    let socket = try await BeanstalkServer.start(cleanUp)
    producer = try BeanstalkClient(socket)
    let consumer = try BeanstalkClient(socket)
    let (stream, continuation) = AsyncThrowingStream.makeStream(of: Timestamp.self)
    reserved = stream
    // It ends with the server.
    try Thread.start(name: "beanstalk") {
      do {
        while true {
          let job = try consumer.reserve()
          let now = Timestamp.now
          try consumer.delete(job)
          continuation.yield(now)
        }
      } catch {
        continuation.finish(throwing: error)
      }
    }
  }

  /// - Returns: when a job was put, when that was acknowledged, and when the waiting client had it.
  func oneJob() async throws -> (sent: Timestamp, acknowledged: Timestamp, reserved: Timestamp) {
    let sent = Timestamp.now
    try producer.put(1)
    let acknowledged = Timestamp.now
    for try await now in reserved { return (sent, acknowledged, now) }
    throw StrataError(.cancelled, "nobody waits for jobs any more")
  }
}
