package import StrataCore

/// Decides what becomes of jobs when those end that they wait for, without any I/O.
///
/// The first end that its policy does not bear ends a job; the last one that it waits for releases it. A job that ends
/// so may be waited for itself: that is left to the next step, so that no transaction follows a chain.
package struct DependencyDecision {
  /// A job that waits, as it is stored.
  package struct Dependant: Sendable {
    package let job: JobID
    package let tenant: TenantID
    package let state: JobState
    package var blockers: Int
    package let policy: DependencyPolicy
    package let hold: MicroCredits
    package let soldAs: String
    package let isCancelRequested: Bool
    package let batch: BatchID?
    /// Whether it holds a unique key until its end.
    package let holdsKey: Bool
    /// Inputs that others make, and those that are there; nil where all are.
    package let awaited: (AwaitedInputs, amid: [ArtifactReference])?

    package init(
      job: JobID, tenant: TenantID, state: JobState, blockers: Int, policy: DependencyPolicy, hold: MicroCredits,
      soldAs: String, isCancelRequested: Bool = false, batch: BatchID? = nil, holdsKey: Bool = false,
      awaited: (AwaitedInputs, amid: [ArtifactReference])? = nil
    ) {
      self.job = job
      self.tenant = tenant
      self.state = state
      self.blockers = blockers
      self.policy = policy
      self.hold = hold
      self.soldAs = soldAs
      self.isCancelRequested = isCancelRequested
      self.batch = batch
      self.holdsKey = holdsKey
      self.awaited = awaited
    }
  }

  /// A row of `dependency`, with the two jobs as they are stored.
  package struct Edge: Sendable {
    package let needs: JobID
    package let stateOfNeeds: JobState
    package let dependant: Dependant

    package init(needs: JobID, stateOfNeeds: JobState, dependant: Dependant) {
      self.needs = needs
      self.stateOfNeeds = stateOfNeeds
      self.dependant = dependant
    }
  }

  private var waiting: [JobID: Dependant] = [:]
  private let ended: [JobID: JobState]
  private let now: Timestamp

  /// The rows that are done with.
  package private(set) var told: [Edge] = []
  /// Jobs to be ended without having run.
  package private(set) var closings: [SettlementDecision.Closing] = []
  private var closed: Set<JobID>

  /// - Parameter ended: jobs that end in the same transaction, with their states; they are not stored yet.
  package init(ended: [JobID: JobState] = [:], now: Timestamp = .now) {
    self.ended = ended
    self.now = now
    closed = Set(ended.keys)
  }

  package var changesNothing: Bool { told.isEmpty }
  /// Jobs that wait for nothing more.
  package var released: [JobID] { waiting.values.filter { $0.blockers == 0 }.map(\.job).sorted() }
  /// All inputs of those of them for which others have made some.
  package private(set) var inputs: [JobID: [ArtifactReference]] = [:]
  /// Jobs that wait for fewer than before.
  package var stillBlocked: [Dependant] { waiting.values.filter { $0.blockers > 0 } }

  /// Rows of which the job that is waited for has not ended are left alone.
  ///
  /// - Complexity: O(1) for each row.
  package mutating func decide(_ edges: [Edge]) {
    for edge in edges {
      let state = ended[edge.needs] ?? edge.stateOfNeeds
      guard state.isFinal else { continue }
      told.append(edge)
      var dependant = waiting[edge.dependant.job] ?? edge.dependant
      guard dependant.state == .blocked, !closed.contains(dependant.job) else { continue }
      dependant.blockers -= 1
      waiting[dependant.job] = dependant
      if dependant.isCancelRequested {
        close(dependant, .cancelled, nil)
      } else if state != .succeeded {
        apply(dependant, edge.needs, state)
      }
    }
  }

  /// Jobs that work on results of others and are told in one step, at most: each may have to be told what very many have left.
  private static let awaitingMax = 16

  /// Of the rows of a step as many as may be told in it.
  package static func step(_ edges: [Edge]) -> [Edge] {
    var awaiting = 0
    return Array(
      edges.prefix { edge in
        awaiting += edge.dependant.awaited == nil ? 0 : 1
        return awaiting <= awaitingMax
      })
  }

  /// Gives those that are released the inputs that others have made; one for which something is missing is ended.
  ///
  /// - Parameter left: what sources left behind, asked for once for jobs with the same ones.
  package mutating func take<Failure: Error>(
    _ left: (Set<JobID>) throws(Failure) -> [JobID: [LeftBehind]]
  ) throws(Failure) {
    var known: (sources: Set<JobID>, left: [JobID: [LeftBehind]]) = ([], [:])
    for dependant in waiting.values.sorted(by: { $0.job < $1.job }) where dependant.blockers == 0 {
      guard let (awaited, stored) = dependant.awaited else { continue }
      let sources = Set(awaited.sources)
      if sources != known.sources { known = (sources, try left(sources)) }
      do throws(AttemptError) { inputs[dependant.job] = try awaited.resolved(stored, known.left) } catch {
        close(dependant, .failed, error)
      }
    }
  }

  private mutating func apply(_ dependant: Dependant, _ needs: JobID, _ state: JobState) {
    let what = "job \(needs), which it was to run after, \(state == .failed ? "failed" : "was cancelled")"
    switch dependant.policy {
    case .run: return
    case .fail: close(dependant, .failed, AttemptError(code: "dependency_failed", message: what, isRetryable: false))
    case .skip:
      close(dependant, .cancelled, AttemptError(code: "dependency_skipped", message: what, isRetryable: false))
    }
  }

  private mutating func close(_ dependant: Dependant, _ state: JobState, _ error: AttemptError?) {
    closed.insert(dependant.job)
    waiting[dependant.job] = nil
    let finished = FinishedJob(
      job: dependant.job, tenant: dependant.tenant, soldAs: dependant.soldAs, state: state, charged: .zero, cost: .zero,
      error: error, finishedAt: now.storable)
    closings.append(
      SettlementDecision.Closing(
        finished: finished, hold: dependant.hold, report: nil, batch: dependant.batch,
        holdsKey: dependant.holdsKey))
  }
}
