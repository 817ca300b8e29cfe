import Glibc
import StrataCore
import StrataLedger

/// A ledger in a scratch database, and the same rows for whoever is measured.
struct LedgerBenchmark {
  let ledger: Ledger
  let configuration: PostgreSQLConfiguration
  let tenants: [TenantID]
  let jobsPerRound: Int

  /// - Parameter arguments: `--postgres CONNECTION` (a scratch database; tables are made in it), `--jobs N` per round,
  ///   `--tenants N`.
  init(_ arguments: [String]) async throws {
    let options = try Self.options(arguments)
    guard let connection = options["--postgres"] else {
      throw StrataError(
        .invalidInput, "no database was named", remedy: "give --postgres CONNECTION, a scratch database")
    }
    jobsPerRound = options["--jobs"].flatMap { Int($0) } ?? 20_000
    configuration = PostgreSQLConfiguration(connectionString: connection)
    ledger = try Ledger(configuration)
    try await ledger.migrate()
    _ = try await ledger.publish(
      prices: [Capability.Listing(name: "bench", price: Price(perJob: MicroCredits(micros: 1)))])
    try await ledger.note(
      [], rates: [TierRate(tier: .cpu, cpuHour: .zero, memoryGibibyteHour: .zero, wallHour: .zero)])
    var tenants: [TenantID] = []
    for _ in 0..<(options["--tenants"].flatMap { Int($0) } ?? 10) {
      let tenant = try await ledger.createTenant(name: "bench-\(TenantID())", plan: "bench")
      _ = try await ledger.grant(MicroCredits(micros: 1_000_000_000_000), to: tenant)
      tenants.append(tenant)
    }
    self.tenants = tenants
  }

  private static func options(_ arguments: [String]) throws(StrataError) -> [String: String] {
    guard arguments.count.isMultiple(of: 2) else { throw StrataError(.invalidInput, "an option lacks its value") }
    let pairs = stride(from: 0, to: arguments.count, by: 2).map { (arguments[$0], arguments[$0 + 1]) }
    return Dictionary(pairs) { _, last in last }
  }

  /// Jobs with 120 bytes of parameters, spread over the tenants.
  func submissions(_ count: Int) -> [JobSubmission] {
    let parameters = "{\"text\":\"\(String(repeating: "x", count: 109))\"}"
    return (0..<count).map { index in
      JobSubmission(
        order: WorkOrder(
          job: JobID(), tenant: tenants[index % tenants.count], capability: "bench", version: 1,
          parametersJSON: parameters, inputs: [], timeoutSeconds: 60, resources: ResourceRequest()),
        tier: .cpu, attemptsMax: 3, fingerprint: [UInt8](repeating: 7, count: 32))
    }
  }

  /// `rows` in slices of `size`.
  static func batches<Row>(_ rows: [Row], of size: Int) -> [ArraySlice<Row>] {
    stride(from: 0, to: rows.count, by: size).map { rows[$0..<min($0 + size, rows.count)] }
  }
}

/// One timed run.
struct Measurement {
  let name: String
  let rate: Double
  /// Processor time of this process for each item, in microseconds.
  let processorMicroseconds: Double

  static func of(_ name: String, items: Int, _ work: () async throws -> Void) async rethrows -> Measurement {
    let (start, processor) = (ContinuousClock.now, processorTime())
    try await work()
    let seconds = (ContinuousClock.now - start).seconds
    return Measurement(
      name: name, rate: Double(items) / seconds,
      processorMicroseconds: (processorTime() - processor) / Double(items) * 1e6)
  }

  private static func processorTime() -> Double {
    var usage = rusage()
    unsafe getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    let micros = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1_000_000
    return Double(micros + Int(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)) / 1e6
  }

  /// Prints the middle of each name's runs and its ratio to the first name's.
  static func report(_ rounds: [Measurement], unit: String) {
    var names: [String] = []
    for run in rounds where !names.contains(run.name) { names.append(run.name) }
    var base: Double?
    for name in names {
      let runs = rounds.filter { $0.name == name }.sorted { $0.rate < $1.rate }
      let middle = runs[runs.count / 2]
      let ratio = middle.rate / (base ?? middle.rate)
      base = base ?? middle.rate
      let padded = name + String(repeating: " ", count: max(0, 44 - name.count))
      print(
        "\(padded) \(Int(middle.rate)) \(unit)/s, ratio \(Double(Int(ratio * 1000)) / 1000),",
        "client processor \(Double(Int(middle.processorMicroseconds * 10)) / 10) µs each")
    }
  }
}
