import StrataCore
import StrataLedger
import Testing

@Suite struct TenantTests {
  @Test func aKeyAuthenticatesItsTenantUntilItIsRevoked() async throws {
    let bench = try await LedgerBench()
    let ledger = bench.ledger
    let tenant = try await bench.tenant(credits: 0)
    let other = try await bench.tenant("other", credits: 0)
    let key = try await ledger.createKey(tenant: tenant, name: "laptop")
    #expect(key.secret.hasPrefix("sk_") && key.secret.utf8.count == 67)
    let principal = try #require(try await ledger.authenticate(key.secret))
    #expect(principal.tenant == tenant && principal.key == key.id && principal.plan == "creator")
    #expect(try await ledger.authenticate(key.secret + "0") == nil)
    #expect(try await ledger.authenticate("") == nil)
    #expect(try await ledger.keys(of: tenant).map(\.prefix) == [String(key.secret.prefix(8))])
    #expect(
      try bench.sql("SELECT count(*) FROM api_key WHERE api_key::text LIKE '%\(key.secret.dropFirst(8))%'") == "0")
    await #expect(throws: LedgerError.self) { try await ledger.revokeKey(key.id, tenant: other) }
    #expect(try await ledger.authenticate(key.secret) != nil)
    try await ledger.revokeKey(key.id, tenant: tenant, evenLast: true)
    let revoked = try await ledger.revokeKey(key.id, tenant: tenant)
    #expect(revoked.revokedAt != nil)
    #expect(try await ledger.keys(of: tenant) == [revoked])
    #expect(try await ledger.authenticate(key.secret) == nil)
    await #expect(throws: LedgerError.self) { try await ledger.createKey(tenant: TenantID(), name: "x") }
  }

  /// However many are revoked at the same time, through however many controllers.
  @Test func aTenantsLastKeyIsKept() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant(credits: 0)
    let other = try await bench.tenant("other", credits: 0)
    _ = try await bench.ledger.createKey(tenant: other, name: "other's")
    let ledgers = [bench.ledger, try bench.another(), try bench.another()]
    for _ in 0..<5 {
      var keys: [KeyID] = []
      for _ in 0..<6 { keys.append(try await bench.ledger.createKey(tenant: tenant, name: "key").id) }
      await withTaskGroup { group in
        for (index, key) in keys.enumerated() {
          group.addTask { _ = try? await ledgers[index % 3].revokeKey(key, tenant: tenant) }
        }
      }
      let valid = try await bench.ledger.keys(of: tenant).filter { $0.revokedAt == nil }
      #expect(valid.count == 1)
      await #expect(throws: LedgerError.lastKey("key")) {
        try await bench.ledger.revokeKey(valid[0].id, tenant: tenant)
      }
      try await bench.ledger.revokeKey(valid[0].id, tenant: tenant, evenLast: true)
    }
    for ledger in ledgers { await ledger.close() }
  }

  @Test func tenantsAreFoundByNameAndNamesAreUnique() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    #expect(try await bench.ledger.tenant(named: "acme")?.id == tenant)
    #expect(try await bench.ledger.tenant(tenant)?.name == "acme")
    #expect(try await bench.ledger.tenant(named: "nobody") == nil)
    await #expect(throws: LedgerError.duplicate("a tenant named 'acme'")) {
      try await bench.ledger.createTenant(name: "acme", plan: "free")
    }
    #expect(try await bench.ledger.tenants().map(\.id) == [tenant])
  }

  @Test func aTenantIsMadeWithItsCreditsOrNotAtAll() async throws {
    let bench = try await LedgerBench()
    let credits = MicroCredits(micros: 5)
    let tenant = try await bench.ledger.createTenant(name: "first", plan: "local", credits: credits)
    #expect(try await bench.ledger.balance(of: tenant).limit == credits)
    #expect(try await bench.ledger.verify().isSound)
    // What refuses the grant refuses the tenant.
    _ = try bench.sql("ALTER TABLE transfer ADD CONSTRAINT none CHECK (amount < 6)")
    await #expect(throws: LedgerError.self) {
      try await bench.ledger.createTenant(name: "second", plan: "local", credits: MicroCredits(micros: 6))
    }
    #expect(try await bench.ledger.tenant(named: "second") == nil)
  }

  @Test func grantsRaiseTheLimitOnceEach() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant(credits: 0)
    let other = try await bench.tenant("other", credits: 0)
    let (amount, id) = (MicroCredits(micros: 5), TransactionID())
    for _ in 0..<3 {
      #expect(try await bench.ledger.grant(amount, to: tenant, transaction: id).limit == amount)
    }
    await #expect(throws: LedgerError.self) { try await bench.ledger.grant(amount, to: other, transaction: id) }
    await #expect(throws: LedgerError.notFound("tenant \(TenantID(high: 1, low: 1))")) {
      try await bench.ledger.grant(amount, to: TenantID(high: 1, low: 1))
    }
    #expect(try await bench.ledger.grant(amount, to: tenant).available == MicroCredits(micros: 10))
    #expect(try await bench.ledger.entries(of: tenant).map(\.side) == [.credit, .credit])
    let report = try await bench.ledger.verify()
    #expect(report.isSound && report.debits == "10")
  }

  @Test func pricesAreVersionedAndJobsKeepTheirs() async throws {
    let bench = try await LedgerBench()
    let tenant = try await bench.tenant()
    let job = Sample.submission(tenant)
    _ = try await bench.ledger.admit([job])
    let dearer = Capability.Listing(name: LedgerBench.flat, price: Price(perJob: MicroCredits(micros: 7_000_000)))
    #expect(try await bench.ledger.publish(prices: [dearer]) == [LedgerBench.flat])
    #expect(try await bench.ledger.publish(prices: [dearer]) == [])
    #expect(try await bench.ledger.prices().first { $0.name == LedgerBench.flat }?.version == 2)
    let finished = try await bench.ledger.settled([Sample.outcome(job.job)])[0].finishedJob
    #expect(finished?.charged == MicroCredits(micros: 1_000_000))
    #expect(try await bench.ledger.admit([Sample.submission(tenant)])[0].acceptedJob?.held == dearer.price.perJob)
  }

  @Test func jobsAreFoundByAPartOfTheirIdentifier() async throws {
    let bench = try await LedgerBench()
    let (tenant, other) = (try await bench.tenant(), try await bench.tenant("other"))
    let low: UInt64 = 0xB234_5678_9ABC_DEF0
    let twins = [1, 2].map { JobID(high: 0x0190_0000_0000_7000 + UInt64($0), low: low) }
    let jobs = (0..<10).map { _ in JobID() } + twins
    _ = try await bench.ledger.admit(jobs.map { Sample.submission(tenant, job: $0) } + [Sample.submission(other)])
    func found(_ text: Substring, by tenant: TenantID) async throws -> [JobID] {
      let part = try #require(IdentifierPart<JobTag>(String(text)))
      return try await bench.ledger.jobs(of: tenant, like: part, limit: 10)
    }
    for job in jobs.prefix(10) {
      for length in [6, 12, 13, 20, 25] {
        #expect(try await found(job.description.suffix(length), by: tenant) == [job])
      }
      #expect(try await found(job.description.prefix(25), by: tenant).contains(job))
      #expect(try await found(job.description.suffix(6), by: other) == [])
    }
    let text = twins[0].description
    for part in [text.suffix(6), text.suffix(12), text.prefix(8), text.prefix(12)] {
      #expect(try await found(part, by: tenant) == twins.reversed(), "newest first")
    }
    #expect(try await found(text.prefix(14), by: tenant) == [twins[0]])
  }

  @Test func listingsArePagedAndFiltered() async throws {
    let bench = try await LedgerBench()
    let (tenant, other) = (try await bench.tenant(), try await bench.tenant("other"))
    let mine = (0..<10).map { _ in Sample.submission(tenant) }
    _ = try await bench.ledger.admit(mine + [Sample.submission(other)])
    _ = try await bench.ledger.settled(mine.prefix(4).map { Sample.outcome($0.job) })
    let newest = mine.map(\.job).sorted().reversed().map { $0 }
    let first = try await bench.ledger.jobs(JobFilter(tenant: tenant), limit: 6)
    let second = try await bench.ledger.jobs(JobFilter(tenant: tenant), before: first.last?.id, limit: 6)
    #expect((first + second).map(\.id) == newest)
    let done = try await bench.ledger.jobs(JobFilter(tenant: tenant, states: [.succeeded]))
    #expect(Set(done.map(\.id)) == Set(mine.prefix(4).map(\.job)))
    #expect(try await bench.ledger.unfinished(limit: 100).count == 7)
    let page = try await bench.ledger.unfinished(limit: 3)
    #expect(try await bench.ledger.unfinished(after: page.last?.id, limit: 100).count == 4)
    let states = try await bench.ledger.states(of: [mine[0].job, mine[9].job, JobID()])
    #expect(states == [mine[0].job: .succeeded, mine[9].job: .queued])
    let usage = try await bench.ledger.usage(of: tenant, in: Timestamp(nanoseconds: 0)..<Timestamp.now + .seconds(60))
    #expect(usage.map(\.jobs) == [4] && usage[0].charged == MicroCredits(micros: 4_000_000))
    let generations = [try await bench.ledger.nextGeneration(), try await bench.ledger.nextGeneration()]
    #expect(generations[0].number < generations[1].number)
    // Nothing has ended between them: attempts that the first has begun are passed over all the same.
    let passed = generations[1].tokenFloor.rawValue - generations[0].tokenFloor.rawValue
    #expect(passed == QueueGeneration.tokensPassed)
  }
}
