import StrataArtifacts
public import StrataControl
import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime

/// Schedules on a clock that is moved by hand, and their keeper, who looks when he is told to.
public struct KeeperBench: Sendable {
  public let clock: HeldClock

  /// - Parameter start: RFC 3339.
  public init(start: String) { clock = HeldClock(start: Timestamp(text: start) ?? .now) }

  public func fixture(credits: Int64 = 100, tenantLanesMax: Int = 250) async throws -> ControlFixture {
    let clock = clock.clock
    return try await ControlFixture(queue: HookedQueue(MemoryQueue(clock: clock)), credits: credits) {
      $0.clock = clock
      $0.admission.tenantLanesMax = tenantLanesMax
    }
  }

  /// Another controller on the same ledger and queue.
  public func another(_ fixture: ControlFixture) throws -> ControlPlane {
    var configuration = ControlPlane.Configuration(tiers: [ControlFixture.tier])
    configuration.clock = clock.clock
    return try ControlPlane(
      ledger: fixture.ledger,
      leadership: Leadership(PostgreSQLConfiguration(connectionString: fixture.database)), queue: fixture.queue,
      catalogue: TestCatalogue(), store: fixture.store, configuration: configuration, log: .silent)
  }

  package func keeper(
    _ control: ControlPlane, _ fixture: ControlFixture, wait: (@Sendable (Duration) async -> Void)? = nil
  ) -> ScheduleKeeper {
    ScheduleKeeper(
      ledger: fixture.ledger, admission: control.admission, metrics: ControlMetrics(fixture.metrics),
      clock: clock.clock, wait: wait)
  }

  /// Makes all runs that are due.
  ///
  /// - Returns: of how many schedules, each counted as often as it was looked at.
  public func fireAll(_ fixture: ControlFixture, by control: ControlPlane? = nil) async throws -> Int {
    let keeper = keeper(control ?? fixture.control, fixture)
    var total = 0
    while case let count = try await keeper.fireDue(), count > 0 { total += count }
    return total
  }

  // MARK: Playing the client

  public static func draft(_ name: String, _ cron: String) -> ScheduleDraft {
    ScheduleDraft(
      name: name, cron: cron, job: JobDraft(capability: "test.echo", parametersJSON: #"{"text":"hi"}"#))
  }

  @discardableResult
  public func create(
    _ fixture: ControlFixture, _ name: String, _ cron: String, configure: (inout ScheduleDraft) -> Void = { _ in }
  ) async throws -> ControlPlane.ScheduleSnapshot {
    var draft = Self.draft(name, cron)
    configure(&draft)
    return try await fixture.control.createSchedule(draft, tenant: fixture.tenant).schedule
  }

  public func change(
    _ fixture: ControlFixture, _ name: String, configure: (inout ScheduleChange) -> Void
  ) async throws -> ControlPlane.ScheduleSnapshot {
    var change = ScheduleChange()
    configure(&change)
    return try await fixture.control.changeSchedule(named: name, change, tenant: fixture.tenant)
  }

  public func schedule(_ fixture: ControlFixture, _ name: String) async throws -> ControlPlane.ScheduleSnapshot {
    try await fixture.control.schedule(named: name, tenant: fixture.tenant)
  }

  /// The instants for which jobs were made, in order, to the minute.
  public func instants(_ fixture: ControlFixture) async throws -> [String] {
    try await fixture.ledger.jobs(JobFilter(tenant: fixture.tenant), limit: 1_000).reversed()
      .compactMap { $0.occurrence?.instant.map { String($0.text.prefix(16)) } }
  }
}
