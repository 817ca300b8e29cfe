import StrataAPI
import StrataClient
import StrataCore
import StrataRuntime

/// How much processor time does each kind of process of a stack spend on a job, and how often are Redis and PostgreSQL asked?
///
/// A whole stack with one worker; `--jobs` jobs are committed while their tier is paused (told as `accepting`), and then run to the
/// last settlement (`running`): once no-op jobs, once `command.run` of `/bin/true`. Processor time is what /proc tells, in
/// ticks of 10 ms: user and system time of the living, and of those that their parents have waited for: so that of a
/// program counts as its runner's. Commands of Redis are those of INFO: also what scripts call, which is told
/// apart as calls of scripts beside all commands. Transactions of PostgreSQL are those committed in the stack's database, be
/// they of one statement, with those of the seconds until it tells them; its processes count the autovacuum, too. What the
/// benchmark's own questions cost is in it: it asks every 20 ms whether all is settled.
enum CPUPerJobBenchmark {
  private static let program = "/bin/true"

  static func run(arguments: [String]) async throws {
    let options = BenchmarkOptions(arguments)
    try options.checkNames(["--jobs", "--slots"])
    let jobs = try options.number("--jobs", in: 100...1_000_000) ?? 3_000
    let slots = try options.number("--slots", in: 1...256) ?? MachineCapacity.cores
    try await CleanUp.after { cleanUp in
      let stack = try await BenchmarkStack(["--slots", "\(slots)"])
      cleanUp.add { await stack.stop() }
      let tenant = try await stack.makeTenants(["bench"])[0]
      let command = JobRequest(capability: "command.run", params: ["command": .array([.string(program)])])
      for (name, job) in [("noop", JobRequest(capability: "noop")), ("command.run \(program)", command)] {
        // What is loaded once is loaded, and what was done before is told.
        _ = try await StackReading.during(stack) { try await stack.drain(job, 200, as: tenant) }
        print("\(name), \(jobs) jobs in \(slots) slots:")
        try await measure(stack, job, jobs, as: tenant)
      }
    }
  }

  private static func measure(
    _ stack: BenchmarkStack, _ job: JobRequest, _ count: Int, as tenant: HTTPClient
  ) async throws {
    let (accepting, batches) = try await StackReading.during(stack) {
      try await stack.accept(job, count, as: tenant)
    }
    let (running, duration) = try await StackReading.during(stack) {
      try await stack.settle(batches, count, as: tenant)
    }
    report(accepting, running, Double(count))
    print("  settled at \(Int(Double(count) / duration.seconds)) jobs/s")
  }

  private static func report(_ accepting: StackReading, _ running: StackReading, _ count: Double) {
    func row(_ name: String, _ values: [Double], _ unit: String) {
      let columns = values.map { value in
        let text = "\((value / count).rounded(toPlaces: unit.isEmpty ? 2 : 0))"
        return String(repeating: " ", count: max(1, 12 - text.count)) + text
      }
      let title = name + String(repeating: " ", count: max(1, 30 - name.count))
      print("  \(title)\(columns.joined()) \(unit)")
    }
    print("                                   accepting     running         all")
    func both(_ name: String, _ unit: String = "", _ value: (StackReading) -> Double) {
      let (first, second) = (value(accepting), value(running))
      row(name, [first, second, first + second], unit)
    }
    for kind in StackReading.Kind.allCases {
      both(kind.rawValue, "µs") { $0.processorMicroseconds[kind] ?? 0 }
    }
    both("all processes", "µs") { $0.processorMicroseconds.values.reduce(0, +) }
    both("commands of Redis") { $0.redisCommands }
    both("of these, calls of scripts") { $0.redisScripts }
    both("transactions of PostgreSQL") { $0.transactions }
  }
}
