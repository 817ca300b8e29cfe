public import StrataCore

/// A priority queue of jobs that workers lease in batches: the protocol that every backend keeps, and that one
/// conformance suite tests.
///
/// Each transition takes a batch, is atomic over it, and answers item by item in the order given. A job is in exactly
/// one place: ready, leased, or gone (finished; its last outcome waits in the outcome log until it is acknowledged).
/// The queue is speed, not truth: everything in it can be rebuilt from the ledger.
///
/// Order: of a tier, higher classes go first. Within a class tenants take turns by what they have used: start-time fair
/// queueing, weighed by their shares. A tenant's own jobs go by priority, higher first, then by identifier, the earlier
/// accepted first. A job that returns (retry, hand-back, lost lease) keeps both, so it returns to its old place.
///
/// Room: a worker gets only what fits what it has free, and passes over what does not. A job whose tenant, capability or
/// tier has as many running as it may waits without being looked at.
///
/// Fencing: the leases of a call carry one token, greater than every token before it: a lease is told by its job and its
/// token. A transition that names an older token, or another worker, is `stale` and changes nothing. A call whose leases are
/// several workers' is as many calls, one per run of leases of one worker.
public protocol JobQueue: Sendable {
  // MARK: Clients' side

  /// Makes jobs ready, or has them wait for their time, and wakes as many idle workers as are of use. A job that the
  /// queue already holds, in whatever state, is left as it is, so that repeating an enqueue is harmless.
  func enqueue(_ jobs: [QueuedJob]) async throws(QueueError) -> [EnqueueVerdict]

  /// Takes ready and delayed jobs out (their outcome is `cancelled`) and tells the workers of leased ones to stop them.
  func cancel(_ jobs: [JobID]) async throws(QueueError) -> [CancelVerdict]

  /// Has workers stop jobs that may be preempted, each for a job of a higher class: they are handed back, and the attempts
  /// do not count. A lease that is over, and one that is being ended already, is left as it is: no later attempt of the job
  /// is hit.
  func preempt(_ preemptions: [Preemption]) async throws(QueueError) -> [PreemptVerdict]

  /// Has a worker keep what it has free for a job of a lane, whoever is due, until it has been granted or the time is over:
  /// what several jobs give back that are being ended for it goes to nobody else of its class or a lower one meanwhile, but
  /// for what fits beside it.
  ///
  /// - Returns: whether it does: not where the worker is not known, no job is ready in the lane, or room is reserved for another
  ///   in its pool.
  func reserve(_ lane: Lane, on worker: WorkerID, for duration: Duration) async throws(QueueError) -> Bool

  /// Changes the priority of jobs, whatever they do.
  func reprioritise(_ priorities: [JobID: JobPriority]) async throws(QueueError) -> [JobID: PriorityVerdict]

  /// Where jobs are now; nil for a job the queue does not hold.
  func status(of jobs: [JobID]) async throws(QueueError) -> [QueueStatus?]

  /// The live log of the last attempt of a job that printed anything, from byte `offset` on; nil where there is none.
  /// Only the first `QueueLimits.liveLogBytesMax` bytes are kept here; the whole log is an artifact of the attempt.
  func liveLog(of job: JobID, from offset: Int) async throws(QueueError) -> LiveLog?

  /// How many jobs are ready and leased in each tier that has any, and which workers are known.
  func census() async throws(QueueError) -> QueueCensus

  // MARK: Operators' side

  /// How full the queue and its server are. Also told by a queue that is lost. Cheap: a constant cost.
  func load() async throws(QueueError) -> QueueLoad

  /// What waits in each lane and who is next there, and what room workers have.
  func room() async throws(QueueError) -> QueueRoom

  /// What workers could run and what they run, those with the nearest deadlines first, at most
  /// `QueueLimits.censusWorkersMax`. Costs all that they run. One whose deadline moves meanwhile may be missing.
  func running() async throws(QueueError) -> [WorkerLoad]

  /// How the tenants of a pool stand, those with the most jobs waiting first, at most `limit` of them. Costs the tenants
  /// ever seen in the pool, a batch of them a call, however many jobs they have; beyond `QueueLimits.poolTenantsMax` none
  /// are looked at.
  func standing(of pool: QueuePool, first limit: Int) async throws(QueueError) -> PoolStanding

  /// How given tenants stand in the pools in which they have jobs ready or running, pool by pool.
  func standing(of tenants: [TenantID]) async throws(QueueError) -> [PoolStanding]

  /// Which of each tenant's jobs that are ready in a pool was accepted first; nil for none.
  func oldest(of tenants: [TenantID], in pool: QueuePool) async throws(QueueError) -> [JobID?]

  // MARK: Workers' side

  /// Finishes what the request says is completed, grants up to `request.count` ready jobs, taken in the order of its
  /// list of tiers and the queue's order within each, and extends the worker's deadline to `duration` from now. A worker that gets fewer than it asked for is noted as
  /// idle and gets a `.work` signal when there is more that it has room for. Grants whose answer is lost are taken back
  /// by the worker's next heartbeat.
  func lease(_ request: LeaseRequest, for duration: Duration) async throws(QueueError) -> LeaseGrant

  /// Extends the worker's deadline, which covers all its leases, and says which of `held` it no longer owns and which
  /// are to be cancelled or preempted.
  ///
  /// `held` is everything that the worker holds, started or not, until its end has been accepted. Any other lease of
  /// the worker was granted in an answer that it never got: it is ended as by `release`, with an empty report. So a
  /// worker lets no heartbeat cross a `lease` call, and may repeat a `lease` call whose outcome it does not know: what
  /// the first one granted goes back with the next heartbeat. Of more than `QueueLimits.batchMax` such leases some may
  /// be left for later heartbeats.
  ///
  /// - Parameter place: where the worker is, for people, such as the text of a `WorkerPlace`: at most `QueueLimits.placeBytesLimit`
  ///   bytes. Kept for as long as the worker is known; an empty one changes nothing.
  func heartbeat(
    worker: WorkerID, held: [LeaseReference], for duration: Duration, place: String
  ) async throws(QueueError) -> HeartbeatReply

  /// Notes how far leased jobs are and appends to their live logs.
  func progress(_ reports: [ProgressReport]) async throws(QueueError) -> [LeaseVerdict]

  /// Finishes leased jobs that succeeded.
  func complete(_ completions: [AttemptResult]) async throws(QueueError) -> [LeaseVerdict]

  /// Ends attempts that failed or were cancelled: the job becomes ready again, after its delay, if the failure is
  /// retryable and attempts are left and nobody cancelled it, else it is finished.
  func fail(_ failures: [AttemptFailure]) async throws(QueueError) -> [LeaseVerdict]

  /// Hands leases back unfinished: the jobs become ready again and the attempt is not counted against them. Those that were
  /// to be preempted are told as `preempted`.
  func release(_ results: [AttemptResult]) async throws(QueueError) -> [LeaseVerdict]

  /// Ends the deadlines of workers that are known to be dead: their leases end with the next `expire`. Returns how many of them
  /// were waited for. For whoever knows for certain: on a worker that lives it is as a lost heartbeat.
  func noteDead(_ workers: [WorkerID]) async throws(QueueError) -> Int

  /// Says that a worker asks for no more jobs: it is woken no more, and others are woken for what it may have been. It keeps
  /// its leases, and is told what to stop; one that holds nothing is forgotten. Harmless when repeated. A `lease` call of the
  /// worker that the queue gets later takes it back.
  ///
  /// - Returns: whether it is forgotten.
  func leave(_ worker: WorkerID) async throws(QueueError) -> Bool

  /// Waits until there is a signal for `worker`, at most `duration`; empty when there was none. At most one caller per
  /// worker at a time.
  func signals(for worker: WorkerID, waitingUpTo duration: Duration) async throws(QueueError) -> [WorkerSignal]

  // MARK: The controller's side

  /// Ends the leases of workers whose deadline has passed, at most `limit` leases in one call: jobs with attempts left
  /// become ready again, unless they have lost `QueueLimits.workerLossesMax` workers; the others are finished: their
  /// outcome is `expired` and final. Which leases a limit leaves for later is not promised. Returns how many leases
  /// ended.
  func expire(limit: Int) async throws(QueueError) -> Int

  /// Sees to what is due, at most `limit` timers in one call, and says when the next is: delayed jobs become ready, jobs
  /// that were to have started by now are finished as `expired`, gates that have starts again let jobs through.
  func promote(limit: Int) async throws(QueueError) -> Promotion

  /// The time by the clock that says what is due, the server's wall clock, which may be set at any moment; and the latest time
  /// that it has shown to what was noted since, or a moment later: where that is far ahead, the clock was set back.
  func time() async throws(QueueError) -> (now: Timestamp, latest: Timestamp)

  /// That clock was set back by so much, at some moment of the last `late`: what is to happen a while after something has happened
  /// does so as if it had not. That is the deadlines of workers, the waits of jobs that are tried again, and of gates and workers
  /// that keep room, where they are due after the time that it showed before: what was set while it was ahead, and longer waits
  /// that were not, which become shorter by as much. What waits for an instant that somebody named goes on to. Returns how many
  /// were moved.
  func rewind(by duration: Duration, within late: Duration) async throws(QueueError) -> Int

  /// Waits until a timer has been set that is due before all others, at most `duration`; false when there was none.
  /// At most one caller at a time.
  func dueSignal(waitingUpTo duration: Duration) async throws(QueueError) -> Bool

  /// Says how many jobs may run at once behind gates, how many may start in a time, and what tenants' shares weigh. Allowed before `install`, and
  /// forgotten when the queue is lost. A limit that is lowered below what runs ends nothing.
  func govern(_ policies: [Gate: GatePolicy]) async throws(QueueError)

  /// Says what an operator wants of the order. Allowed before `install`, and forgotten when the queue is lost.
  func tune(_ policy: QueuePolicy) async throws(QueueError)

  /// Outcomes after `position` (nil: from the oldest not acknowledged), in order; waits up to `duration` for one.
  func outcomes(after position: OutcomePosition?, limit: Int, waitingUpTo duration: Duration) async throws(QueueError)
    -> [QueuedOutcome]

  /// Removes outcomes whose settlement is committed. Repeating it is harmless. Outcomes of one call may lie together:
  /// whoever reads from the start again is told them all again while one of them is not acknowledged.
  func acknowledge(_ positions: [OutcomePosition]) async throws(QueueError)

  /// Tells those who watch the event log that jobs are finished: their settlement is committed.
  func announce(_ finished: [FinishedNotice]) async throws(QueueError)

  /// Events after `position` (nil: only new ones), in order; waits up to `duration` for one. The log of events is
  /// bounded; what fell out of it is gone.
  func events(after position: OutcomePosition?, limit: Int, waitingUpTo duration: Duration) async throws(QueueError)
    -> [QueueEvent]

  /// What was moved aside after `position` (nil: from the oldest kept) because it could not be read, in order; waits up
  /// to `duration` for something. A job whose record or final outcome is among it has left the queue without an end: it
  /// is for the ledger to tell, and for `restore` to bring it back.
  func unreadable(after position: OutcomePosition?, limit: Int, waitingUpTo duration: Duration)
    async throws(QueueError) -> [UnreadableEntry]

  // MARK: Recovery

  /// Declares the queue complete for `generation`. Until then (a new or emptied server) every transition but this,
  /// `restore` and the recovery reads throws `.lost`, so that nobody works on a queue that has forgotten its jobs.
  /// Tokens granted from now on are greater than `tokenFloor`.
  func install(generation: UInt64, tokenFloor: FencingToken) async throws(QueueError)

  /// The installed generation, nil when the queue is lost.
  func generation() async throws(QueueError) -> UInt64?

  /// As `enqueue`, but allowed before `install`.
  func restore(_ jobs: [QueuedJob]) async throws(QueueError) -> [EnqueueVerdict]

  /// Forgets jobs in whatever state, with no outcome: for jobs that the ledger knows to be finished.
  func forget(_ jobs: [JobID]) async throws(QueueError)

  /// All jobs held, a page at a time: pass the cursor of the page before; a nil cursor ends the walk. A job that is
  /// there during the whole walk is seen at least once.
  func page(after cursor: UInt64?, limit: Int) async throws(QueueError) -> (jobs: [JobID], next: UInt64?)
}

extension JobQueue {
  /// As `lease` of a request by a worker that has room for anything.
  public func lease(worker: WorkerID, tiers: [TierName], count: Int, for duration: Duration) async throws(QueueError)
    -> LeaseGrant
  {
    try await lease(LeaseRequest(worker: worker, tiers: tiers, count: count), for: duration)
  }

  /// The bytes of `liveLog`; empty where there is none.
  public func log(of job: JobID, from offset: Int) async throws(QueueError) -> [UInt8] {
    try await liveLog(of: job, from: offset)?.bytes ?? []
  }
}

extension JobQueue {
  /// Of a worker that does not say where it is.
  public func heartbeat(
    worker: WorkerID, held: [LeaseReference], for duration: Duration
  ) async throws(QueueError) -> HeartbeatReply {
    try await heartbeat(worker: worker, held: held, for: duration, place: "")
  }
}
