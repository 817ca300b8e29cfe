public import StrataCore

/// The ledger's rules in plain Swift, in memory: the model that the one in PostgreSQL is compared with, and a ledger for
/// simulations. What is decided is decided by the same code (`AdmissionDecision`, `SettlementDecision`,
/// `DependencyDecision`); what is modelled is what the queries read and write.
///
/// It knows jobs, what they wait for, holds, accounts, attempts and charges; no batches, arrays, schedules or unique keys.
public actor MemoryLedger: JobLedger {
  let limits: LedgerLimits
  let clock: WallClock

  // What it holds; `MemoryLedger+…` files change it.
  var jobs: [JobID: KeptJob] = [:]
  /// Those that have not ended, in order.
  var open: [JobID] = []
  var keys: [AdmissionStructure.TenantKey: JobID] = [:]
  var accounts: [TenantID: AccountBalance] = [:]
  var revenue = MicroCredits.zero
  var charges: [Charge] = []
  var attempts: [JobID: [SettlementDecision.UsageRow]] = [:]
  /// The largest token of an ended attempt, or the last floor of a generation.
  var largest = FencingToken(rawValue: 0)
  /// Who waits for a job that has not been told to them.
  var dependants: [JobID: Set<JobID>] = [:]
  /// Ended jobs whose dependants have not all been told.
  var untold: Set<JobID> = []
  var prices: [String: PricedListing] = [:]
  var rates: [TierName: TierRate] = [:]
  var generation: UInt64 = 0
  var isLed = false

  /// A row of `job`.
  struct KeptJob {
    var submission: JobSubmission
    let price: PricedListing
    let hold: MicroCredits
    var state: JobState
    var blockers: Int
    var isCancelRequested = false
    var unreadableRestores = 0
    var ended: FinishedJob?
    /// What it left behind.
    var results: [ArtifactReference] = []
  }

  /// A transfer from a tenant to the house.
  struct Charge {
    let job: JobID
    let tenant: TenantID
    let amount: MicroCredits
  }

  public init(limits: LedgerLimits = LedgerLimits(), clock: WallClock = .system) {
    self.limits = limits
    self.clock = clock
  }

  /// Puts prices in force, as version 1 of each.
  public func publish(prices listings: [Capability.Listing]) {
    for listing in listings {
      prices[listing.name] = PricedListing(name: listing.name, version: 1, price: listing.price)
    }
  }

  public func publish(rates: [TierRate]) { for rate in rates { self.rates[rate.tier] = rate } }

  /// Opens a tenant's account with what it may spend.
  public func open(_ tenant: TenantID, limit: MicroCredits) { accounts[tenant] = AccountBalance(limit: limit) }

  /// Says whether somebody leads.
  public func note(isLed: Bool) { self.isLed = isLed }

  /// Does something in one turn with what is asked here.
  package func perform<Value: Sendable, Failure: Error>(
    _ act: @Sendable (isolated MemoryLedger) async throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    try await act(self)
  }

  /// Whether no job is unfinished, the blocked ones included.
  public var isSettled: Bool { open.isEmpty }

  func page(_ limit: Int) -> Int { max(0, min(limit, limits.pageMax)) }
}
