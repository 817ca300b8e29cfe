import StrataCore
import StrataLedger

/// What jobs run after that are done again together, and in which steps they are submitted. Pure.
///
/// A new job runs after the new ones of those that its old one ran after, and after what stands for others of those: itself,
/// where it has not ended. All are submitted at once, with identifiers that are chosen here. Where somebody else was faster
/// with one, or it came later in that step, those that run after it are submitted once more; where one is refused, so
/// are they.
struct RetryPlan {
  typealias Verdict = Result<AdmittedJob, StrataError>

  private let jobs: [StoredJob]
  /// The new jobs, by the old ones.
  private var again: [JobID: JobID]
  /// What stands for jobs that are not among those that are done again; nothing does for what is left behind.
  private let standIns: [JobID: JobID]
  private var verdicts: [JobID: Verdict] = [:]

  /// The last that does a job again of which one of `jobs` works on results, by that job.
  private let sources: [JobID: JobID]

  /// - Parameters:
  ///   - jobs: those that are done again, in order.
  ///   - standIns: by jobs that those ran after. A stand-in may be one of `jobs`.
  ///   - sources: by jobs whose results those were to work on and do not have: the last that does them again.
  ///   - unsuccessful: those of `sources` that have ended without success. Who works on one that is not done again now would fail at once.
  init(
    _ jobs: [StoredJob], standIns: [JobID: JobID], sources: [JobID: JobID] = [:], unsuccessful: Set<JobID> = []
  ) {
    self.jobs = jobs
    self.standIns = standIns
    self.sources = sources
    again = Dictionary(jobs.map { ($0.id, JobID()) }) { first, _ in first }
    for job in jobs where job.structure.dependencyPolicy != .run {
      let needed = (job.awaited?.sources ?? []).filter { old($0) == nil }.compactMap { sources[$0] }
      guard let failed = needed.first(where: unsuccessful.contains) else { continue }
      verdicts[job.id] = .failure(Self.hopeless(failed))
    }
  }

  /// Why a job is not done again that would fail at once.
  static func hopeless(_ source: JobID) -> StrataError {
    StrataError(
      .conflict, "job or array \(source), whose results it takes, has not succeeded",
      remedy:
        "do that job again first; of an array whose failed tasks are done again by another, submit this job anew, with results of both and on_dependency_failure 'run'"
    )
  }

  /// One for each job, in order, once `next` has nothing more.
  var all: [(job: StoredJob, verdict: Verdict)] {
    jobs.compactMap { job in verdicts[job.id].map { (job, $0) } }
  }

  /// What is to be submitted next; nothing once all are decided.
  mutating func next() -> [JobDraft] {
    passRefusalsOn()
    return open.map { job in
      var draft = JobDraft(retrying: job)
      draft.job = again[job.id]
      draft.inputs = job.inputs.from { old($0).flatMap { again[$0] } ?? sources[$0] ?? $0 }
      draft.structure.after = after(job)
      draft.structure.dependencyPolicy = job.structure.dependencyPolicy
      return draft
    }
  }

  /// - Parameter answers: what became of what was submitted, in order.
  mutating func note(_ answers: [Verdict]) {
    var early: [(JobID, StrataError)] = []
    var isAnyDecided = false
    for (job, verdict) in zip(open, answers) {
      switch verdict {
      case .failure(let error) where error.code == .unknownDependency && runsAfterOthers(job):
        early.append((job.id, error))
      case .success(let admitted):
        again[job.id] = admitted.id
        fallthrough
      case .failure:
        verdicts[job.id] = verdict
        isAnyDecided = true
      }
    }
    // Nothing that they wait for will come.
    if !isAnyDecided { for (job, error) in early { verdicts[job] = .failure(error) } }
  }

  private var open: [StoredJob] { jobs.filter { verdicts[$0.id] == nil } }

  /// The one of `jobs` that a job stands for, itself or by its stand-in.
  private func old(_ job: JobID) -> JobID? {
    if again[job] != nil { return job }
    return standIns[job].flatMap { again[$0] == nil ? nil : $0 }
  }

  private func runsAfterOthers(_ job: StoredJob) -> Bool { job.structure.after.contains { old($0) != nil } }

  private func after(_ job: StoredJob) -> [JobID] {
    var seen: Set<JobID> = []
    return job.structure.after.compactMap { old($0).flatMap { again[$0] } ?? standIns[$0] }
      .filter { seen.insert($0).inserted }
  }

  private mutating func passRefusalsOn() {
    var isAnyNew = true
    while isAnyNew {
      isAnyNew = false
      for job in open {
        for needed in job.structure.after.compactMap(old) {
          guard case .failure(let error)? = verdicts[needed] else { continue }
          verdicts[job.id] = .failure(
            StrataError(
              error.code, "job \(needed), which it runs after, is not done again: \(error.message)",
              remedy: error.remedy))
          isAnyNew = true
          break
        }
      }
    }
  }
}

extension [JobInput] {
  /// The same, with results of other jobs in the place of some.
  func from(_ source: (JobID) -> JobID) -> Self {
    map { input in
      guard case .result(var result) = input else { return input }
      result.job = source(result.job)
      return .result(result)
    }
  }
}
