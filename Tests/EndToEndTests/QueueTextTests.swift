import StrataAPI
import StrataCore
import Testing
import strata

/// What `strata queue`, `strata tiers` and `strata job explain` show.
@Suite struct QueueTextTests {
  private let now = Timestamp(milliseconds: 1_800_000_000_000)

  private var queue: QueueView {
    func tenant(_ name: String, _ waiting: Int, weight: Int = 100, isPaused: Bool = false) -> PoolView.Tenant {
      .init(
        id: TenantID(), name: name, waiting: waiting, running: 1, weight: weight,
        waitingSince: waiting > 0 ? (now + .seconds(-90)).text : nil, shareReceived: 0.4242,
        shareDue: isPaused ? nil : 0.75, runningMax: nil, isPaused: isPaused, isAtLimit: false)
    }
    return QueueView(
      admission: .init(
        isOpen: false, reason: "the queue has used 83 % of its memory", jobs: 5, jobsMax: 10,
        memoryUsedBytes: 83_000_000, memoryMaxBytes: 100_000_000, fullAtPercent: 80, openAtPercent: 75),
      tiers: [.init(name: .cpu, ready: 9, leased: 2)], lanes: [],
      pools: [
        .init(
          tier: .cpu, priorityClass: 4, waiting: 9, running: 2, scheduled: 0, tenantCount: 5,
          tenants: [tenant("acme", 9, weight: 300), tenant("other", 0, isPaused: true)])
      ], scheduled: 1, limits: [], workers: [], outcomesPending: 0, unreadableEntries: 0)
  }

  @Test func aPersonSeesATable() {
    let text = QueueText.of(queue, now: now)
    #expect(text.contains("no new ones are accepted: the queue has used 83 % of its memory"))
    #expect(text.contains(/cpu +4 +acme +9 +1 +90 s +42 % +75 % +weight 300/), "\(text)")
    #expect(text.contains(/cpu +4 +other +0 +1 +- +42 % +- +paused/), "\(text)")
    #expect(text.contains("3 more") && text.contains("1 job waits for its time") && text.contains("no workers"))
  }

  @Test func aPipeGetsLinesWithTabs() {
    let lines = QueueLines.of(queue, now: now).split(separator: "\n").map(String.init)
    #expect(
      lines == [
        "queue\tfull\t5\t83000000\t100000000", "tier\tcpu\t9\t2",
        "tenant\tcpu\t4\tacme\t9\t1\t90\t0.4242\t0.75\tweight 300", "tenant\tcpu\t4\tother\t0\t1\t-\t0.4242\t-\tpaused",
      ])
  }

  @Test func tiersAreTabledOrLined() {
    let room = ResourceRequest(cpuMillicores: 4_000, memoryBytes: 8 << 30, gpuThousandths: 500)
    let tier = TierView(
      name: .gpu, workers: 2, dedicated: 1, slots: 4, slotsFree: 1, room: room, free: room, offers: [room],
      waiting: 3, running: 3, scheduled: 0, runningMax: 7, isPaused: true)
    #expect(TierText.table([tier]).contains("1 dedicated, paused (at most 7 at once when resumed)"))
    #expect(TierText.table([tier]).contains("4 cores") && TierText.table([tier]).contains("8 GiB, 0.5 GPU"))
    #expect(
      TierText.lines([tier])
        == "gpu\t2\t4\t1\t4000\t8589934592\t500\t4000\t8589934592\t500\t3\t3\t0\t7\tpaused\t1\t4000\t8589934592\t500")
  }

  @Test func aStartIsToldWithItsUncertaintyOrAsUnknown() {
    func text(_ start: StartView?) -> String {
      ExplanationText.of(
        ExplanationView(
          job: JobID(), state: .queued,
          reasons: [.init(code: "next", message: "it is next", count: nil, limit: nil, until: nil, jobs: nil)],
          unknown: [], start: start), now: now)
    }
    func at(_ seconds: Int64) -> String { (now + .seconds(seconds)).text }
    let expected = StartView(
      state: .expected, expectedAt: at(600), earliestAt: at(90), latestAt: at(90_000), confidence: 0.9)
    #expect(text(expected).contains("starts in about 10 min; with 90 % certainty in 90 s to 25 h"), "\(text(expected))")
    let rough = StartView(
      state: .expected, expectedAt: at(60), earliestAt: at(1), latestAt: at(900), confidence: 0.9,
      code: "few_observed", message: "a rough guess: only 2 attempts ended on its tier lately")
    #expect(
      text(rough).contains("to 15 min (a rough guess: only 2 attempts ended on its tier lately)"), "\(text(rough))")
    #expect(text(StartView(state: .now)).contains("as soon as a worker asks"))
    let unknown = StartView(state: .unknown, code: "paused", message: "nothing starts until it is resumed")
    #expect(text(unknown).contains("when it starts is not known: nothing starts until it is resumed"))
    #expect(!text(nil).contains("start"))
  }
}
