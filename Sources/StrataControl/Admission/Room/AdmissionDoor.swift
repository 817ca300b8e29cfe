package import StrataCore
package import StrataQueue

/// Whether jobs are accepted, by how full the queue is. Pure.
///
/// It closes well before the queue's server refuses anything, and opens again only when there is clearly less: jobs that
/// are accepted must be enqueued, leased and ended.
package struct AdmissionDoor: Sendable {
  /// Why it is closed.
  package enum Closure: Hashable, Sendable {
    /// The server has used this share of its memory.
    case memory(share: Double)
    /// The server had no memory left for a job.
    case outOfMemory
    /// The queue holds so many jobs.
    case jobs(Int)
  }

  /// What a waiting job takes in the queue beside its payload, about (docs/queue.md).
  static let jobBytes: Int64 = 400

  package let bounds: AdmissionBounds
  package private(set) var load: QueueLoad?
  package private(set) var closure: Closure?
  /// What has been accepted here since the last look.
  private var since = (jobs: 0, bytes: Int64(0))

  package init(_ bounds: AdmissionBounds) { self.bounds = bounds }

  /// Notes what a look at the queue told.
  package mutating func note(_ load: QueueLoad) {
    self.load = load
    since = (0, 0)
    decide()
  }

  /// Notes jobs that were accepted here.
  package mutating func noteAccepted(_ jobs: Int, payloadBytes: Int) {
    since.jobs += jobs
    since.bytes += Int64(payloadBytes) + Int64(jobs) * Self.jobBytes
    // What is only counted closes the door; to open it takes a look.
    if closure == nil { decide() }
  }

  /// Nobody knows how full the queue is: it is open.
  package mutating func forget() { closure = nil }

  /// The server has refused a job for want of memory.
  package mutating func noteOutOfMemory() { closure = .outOfMemory }

  private mutating func decide() {
    let (full, open) = (bounds.memoryFullAt, bounds.memoryOpenAt)
    let jobs = (load?.jobs ?? 0) + since.jobs
    if let share, share >= (closure?.isOfMemory == true ? open : full) {
      closure = .memory(share: share)
    } else if jobs >= (closure?.isOfMemory == false ? bounds.jobsOpenAt : bounds.jobsMax) {
      closure = .jobs(jobs)
    } else {
      closure = nil
    }
  }

  /// How much of its memory the server uses; nil where one of the two is not known.
  package var share: Double? {
    guard let load, let most = bounds.memoryBytes(load), most > 0 else { return nil }
    return Double(load.memoryUsedBytes + since.bytes) / Double(most)
  }

  /// What whoever submits is told; nil while jobs are accepted.
  package var refusal: StrataError? {
    closure.map {
      StrataError(
        .queueFull, "no jobs are accepted at the moment: \($0.words)",
        remedy: "try again in \(Int(bounds.retryAfter.seconds)) s; what was accepted before goes on",
        retryAfter: bounds.retryAfter)
    }
  }
}

extension AdmissionDoor.Closure {
  var isOfMemory: Bool { if case .jobs = self { false } else { true } }

  /// One sentence's part.
  package var words: String {
    switch self {
    case .memory(let share): "the queue has used \(Int((share * 100).rounded(.down))) % of its memory"
    case .outOfMemory: "the queue has no memory left"
    case .jobs(let count): "the queue holds \(count) jobs, as many as it may"
    }
  }
}
