import Foundation
import StrataAPI
import StrataClient
import StrataCore

// Many jobs at once: committed while their tier is paused, and run to the last settlement.
extension BenchmarkStack {
  /// Jobs in a call of `POST /v1/jobs:batch`, at most.
  private static let callMax = 1_000
  /// Each look counts the jobs of a batch: many would be a load of their own.
  private static let lookInterval = Duration.milliseconds(20)

  /// Commits `count` jobs and then lets them run.
  ///
  /// - Returns: jobs a second, from the resumption of their tier until the last is settled.
  func drain(_ job: JobRequest, _ count: Int, as tenant: HTTPClient) async throws -> Double {
    let batches = try await accept(job, count, as: tenant)
    return Double(count) / (try await settle(batches, count, as: tenant)).seconds
  }

  /// Pauses the tier and commits `count` jobs, which wait for its resumption.
  func accept(_ job: JobRequest, _ count: Int, as tenant: HTTPClient) async throws -> [BatchID] {
    try await setPaused(true)
    var batches: [BatchID] = []
    for first in stride(from: 0, to: count, by: Self.callMax) {
      let jobs = BatchRequest(jobs: Array(repeating: job, count: min(Self.callMax, count - first)))
      let request = ClientRequest("POST", ["v1", "jobs:batch"], body: try .json(jobs))
      let accepted: BatchAccepted = try await tenant.send(request).decode()
      batches.append(accepted.batch.id)
    }
    return batches
  }

  /// Resumes the tier, and waits until all jobs have been settled.
  ///
  /// - Throws: where one of them did not succeed.
  func settle(_ batches: [BatchID], _ count: Int, as tenant: HTTPClient) async throws -> Duration {
    let start = ContinuousClock.now
    try await setPaused(false)
    var succeeded = 0
    // The last is done last, or nearly.
    for batch in batches.reversed() { succeeded += try await successes(of: batch, tenant) }
    let duration = ContinuousClock.now - start
    guard succeeded == count else {
      throw StrataError(.internalError, "\(count - succeeded) of \(count) jobs did not succeed")
    }
    return duration
  }

  /// Waits until all jobs of a batch have been settled.
  private func successes(of batch: BatchID, _ tenant: HTTPClient) async throws -> Int {
    while true {
      let view: BatchView = try await tenant.send(ClientRequest("GET", ["v1", "batches", "\(batch)"])).decode()
      if view.succeeded + view.failed + view.cancelled == view.total { return view.succeeded }
      try await Task.sleep(for: Self.lookInterval)
    }
  }
}
