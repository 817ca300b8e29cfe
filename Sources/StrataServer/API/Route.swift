package import StrataCore
import StrataLedger

/// What a request asks for, read off its method and path alone.
package enum Route: Hashable {
  case alive, ready, metrics
  case submitJob, checkJob, listJobs
  case job(JobID), changeJob(JobID), cancelJob(JobID), jobEvents(JobID), jobLog(JobID), explainJob(JobID)
  case retryJob(JobID)
  case submitBatch, listBatches, batch(BatchID), batchEvents(BatchID), retryJobs, cancelJobs
  case arrays(ArrayRoute)
  case putArtifact, artifact(ArtifactDigest)
  case listKeys, createKey, revokeKey(KeyID)
  case capabilities, account, queue, tiers, ledgerVerification
  case queuePolicy, changeQueuePolicy, workers
  case createSchedule, checkSchedule, listSchedules
  case schedule(String), changeSchedule(String), deleteSchedule(String), runSchedule(String), scheduleTimes(String)
  case tenants, createTenant, tenant(String), changeTenant(String)
  case changeTier(String), removeTier(String)
  case tierLimit(String), changeTierLimit(String), capabilityLimit(String), changeCapability(String)

  /// - Throws: 404 for a path that leads nowhere, 405 for one that does not take the method.
  package init(_ method: HTTPMethod, _ segments: [String]) throws(HTTPRefusal) {
    let choices = try Self.choices(segments)
    let effective = method == .head ? .get : method
    guard let route = choices[effective] else {
      let allowed = choices.keys.map(\.rawValue).sorted().joined(separator: ", ")
      throw HTTPRefusal(
        .methodNotAllowed, "method_not_allowed", "/\(segments.joined(separator: "/")) takes \(allowed) only")
    }
    self = route
  }

  private static func choices(_ segments: [String]) throws(HTTPRefusal) -> [HTTPMethod: Route] {
    switch segments.first {
    case "healthz" where segments.count == 1: return [.get: .alive]
    case "readyz" where segments.count == 1: return [.get: .ready]
    case "metrics" where segments.count == 1: return [.get: .metrics]
    case "v1": return try versionOne(Array(segments.dropFirst()))
    default: throw missing(segments)
    }
  }

  private static func versionOne(_ segments: [String]) throws(HTTPRefusal) -> [HTTPMethod: Route] {
    switch (segments.first, segments.count) {
    case ("jobs", 1): return [.post: .submitJob, .get: .listJobs]
    case ("jobs:check", 1): return [.post: .checkJob]
    case ("jobs", 2...3): return try ofJob(segments)
    case ("jobs:batch", 1): return [.post: .submitBatch]
    case ("jobs:retry", 1): return [.post: .retryJobs]
    case ("jobs:cancel", 1): return [.post: .cancelJobs]
    case ("batches", 1): return [.get: .listBatches]
    case ("batches", 2...3): return try ofBatch(segments)
    case ("arrays", 1...5):
      return try ArrayRoute.choices(segments, missing: missing(["v1"] + segments)).mapValues(Route.arrays)
    case ("artifacts", 1): return [.put: .putArtifact]
    case ("artifacts", 2):
      guard let digest = ArtifactDigest(segments[1]) else {
        throw HTTPRefusal(
          .badRequest, "invalid_digest", "'\(segments[1])' is not a SHA-256 digest (sha256: and 64 hex digits)")
      }
      return [.get: .artifact(digest)]
    case ("keys", 1): return [.get: .listKeys, .post: .createKey]
    case ("keys", 2):
      guard let key = KeyID(segments[1]) else {
        throw HTTPRefusal(.notFound, "not_found", "'\(segments[1])' is not a key's identifier (26 letters and digits)")
      }
      return [.delete: .revokeKey(key)]
    case ("schedules", 1): return [.get: .listSchedules, .post: .createSchedule]
    case ("schedules:check", 1): return [.post: .checkSchedule]
    case ("schedules", 2...3): return try ofSchedule(segments)
    case ("capabilities", 1): return [.get: .capabilities]
    case ("capabilities", 3) where segments[2] == "policy":
      return [.get: .capabilityLimit(segments[1]), .patch: .changeCapability(segments[1])]
    case ("tiers", 1): return [.get: .tiers]
    case ("tiers", 2): return [.patch: .changeTier(segments[1]), .delete: .removeTier(segments[1])]
    case ("tiers", 3) where segments[2] == "policy":
      return [.get: .tierLimit(segments[1]), .patch: .changeTierLimit(segments[1])]
    case ("tenants", 1): return [.get: .tenants, .post: .createTenant]
    case ("tenants", 2): return [.get: .tenant(segments[1]), .patch: .changeTenant(segments[1])]
    case ("account", 1): return [.get: .account]
    case ("workers", 1): return [.get: .workers]
    case ("queue", 1): return [.get: .queue]
    case ("queue", 2) where segments[1] == "policy": return [.get: .queuePolicy, .patch: .changeQueuePolicy]
    case ("ledger", 2) where segments[1] == "verification": return [.get: .ledgerVerification]
    default: throw missing(["v1"] + segments)
    }
  }

  private static func ofJob(_ segments: [String]) throws(HTTPRefusal) -> [HTTPMethod: Route] {
    guard let job = JobID(segments[1]) else {
      throw HTTPRefusal(.notFound, "not_found", "'\(segments[1])' is not a job's identifier (26 letters and digits)")
    }
    switch segments.dropFirst(2).first {
    case nil: return [.get: .job(job), .patch: .changeJob(job), .delete: .cancelJob(job)]
    case "events": return [.get: .jobEvents(job)]
    case "log": return [.get: .jobLog(job)]
    case "explain": return [.get: .explainJob(job)]
    case "retry": return [.post: .retryJob(job)]
    default: throw missing(["v1"] + segments)
    }
  }

  private static func ofBatch(_ segments: [String]) throws(HTTPRefusal) -> [HTTPMethod: Route] {
    guard let batch = BatchID(segments[1]) else {
      throw HTTPRefusal(.notFound, "not_found", "'\(segments[1])' is not a batch's identifier (26 letters and digits)")
    }
    switch segments.dropFirst(2).first {
    case nil: return [.get: .batch(batch)]
    case "events": return [.get: .batchEvents(batch)]
    default: throw missing(["v1"] + segments)
    }
  }

  private static func ofSchedule(_ segments: [String]) throws(HTTPRefusal) -> [HTTPMethod: Route] {
    let name = segments[1]
    switch segments.dropFirst(2).first {
    case nil: return [.get: .schedule(name), .patch: .changeSchedule(name), .delete: .deleteSchedule(name)]
    case "run": return [.post: .runSchedule(name)]
    case "times": return [.get: .scheduleTimes(name)]
    default: throw missing(["v1"] + segments)
    }
  }

  private static func missing(_ segments: [String]) -> HTTPRefusal {
    HTTPRefusal(.notFound, "not_found", "there is nothing at /\(segments.joined(separator: "/"))")
  }

  /// The query items that it takes.
  package var queryItems: [String] {
    switch self {
    case .listJobs: JobFilter.queryItems + ["tenant", "cursor", "limit", "id"]
    case .listSchedules: ["tenant", "cursor", "limit"]
    case .arrays(.list): ["tenant", "cursor", "limit", "id"]
    case .arrays(.tasks): ["state", "cursor", "limit"]
    case .arrays(.cancel): ["tasks"]
    case .listBatches: ["id"]
    case .scheduleTimes: ["limit"]
    case .jobLog: ["offset"]
    case .queue: ["tenants"]
    case .listKeys, .createKey, .account, .retryJobs, .cancelJobs: ["tenant"]
    case .revokeKey: ["tenant", "force"]
    default: []
    }
  }

  /// The query item that may come more than once, as all that is said of it counts.
  private static let repeatable = "label"

  /// - Throws: 400 for an item that it does not take, or one given twice: what is ignored would be believed.
  package func check(_ query: HTTPQuery) throws(HTTPRefusal) {
    var seen: Set<String> = []
    for (name, _) in query.items {
      guard queryItems.contains(name) else {
        let taken = queryItems.isEmpty ? "it takes none" : "it takes \(queryItems.joined(separator: ", "))"
        throw HTTPRefusal(.badRequest, "unknown_query_item", "this route has no query item '\(name)'; \(taken)")
      }
      guard seen.insert(name).inserted || name == Self.repeatable else {
        throw HTTPRefusal(.badRequest, "repeated_query_item", "the query item '\(name)' may occur once only")
      }
    }
  }

  /// Whether it shows or changes what all tenants have in common.
  package var isForOperators: Bool {
    switch self {
    case .tiers, .workers, .queuePolicy, .changeQueuePolicy, .ledgerVerification, .tenants, .createTenant, .tenant,
      .changeTenant,
      .tierLimit, .changeTier, .removeTier, .changeTierLimit, .capabilityLimit, .changeCapability:
      true
    default: false
    }
  }

  /// Whether anyone may ask, without a key.
  package var isOpen: Bool {
    switch self {
    case .alive, .ready, .metrics: true
    default: false
    }
  }
}
