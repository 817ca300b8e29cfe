package import StrataAPI
package import StrataCore

/// What `strata queue` shows: tables for a person.
package enum QueueText {
  package static func of(_ queue: QueueView, now: Timestamp = .now) -> String {
    var parts = queue.admission.map { ["queue: \(AdmissionText.of($0))"] } ?? []
    parts += queue.pools.isEmpty ? ["nothing waits or runs"] : [tiers(queue), pools(queue, now), lanes(queue)]
    parts.append(contentsOf: workers(queue))
    parts += notes(queue)
    return parts.filter { !$0.isEmpty }.joined(separator: "\n\n")
  }

  private static func tiers(_ queue: QueueView) -> String {
    var table = Table("TIER", "WAITING", "RUNNING")
    for tier in queue.tiers { table.add(tier.name.rawValue, "\(tier.ready)", "\(tier.leased)") }
    return queue.tiers.isEmpty ? "" : table.text
  }

  private static func pools(_ queue: QueueView, _ now: Timestamp) -> String {
    var table = Table("TIER", "CLASS", "TENANT", "WAITING", "RUNNING", "OLDEST", "SHARE", "DUE", "")
    for pool in queue.pools {
      for tenant in pool.tenants {
        let row = PoolRow(pool, tenant, now)
        table.add(
          pool.tier.rawValue, "\(pool.priorityClass)", tenant.name, "\(tenant.waiting)", "\(tenant.running)",
          row.oldest ?? "-", row.received ?? "-", row.due ?? "-", row.marks)
      }
      let rest = pool.tenantCount - pool.tenants.count
      if rest > 0 {
        table.add(
          pool.tier.rawValue, "\(pool.priorityClass)", "\(rest) more", "", "", "", "", "", "--tenants shows more")
      }
    }
    return table.rows.isEmpty ? "" : table.text
  }

  private static func lanes(_ queue: QueueView) -> String {
    var table = Table("TIER", "CLASS", "CAPABILITY", "NEEDS", "WAITING", "RUNNING")
    for lane in queue.lanes {
      table.add(
        lane.tier.rawValue, "\(lane.priorityClass)", lane.capability, lane.resources.inWords, "\(lane.ready)",
        "\(lane.leased)")
    }
    return queue.lanes.isEmpty ? "" : table.text
  }

  /// A tenant is not told of workers.
  private static func workers(_ queue: QueueView) -> [String] {
    guard queue.outcomesPending != nil else { return [] }
    var table = Table("WORKER", "PLACE", "TIERS", "RUNNING")
    for worker in queue.workers {
      table.add(worker.id.description, worker.place ?? "-", worker.tiers?.listed ?? "-", "\(worker.leases)")
    }
    return [queue.workers.isEmpty ? "no workers: jobs wait until one comes ('strata worker' is one)" : table.text]
  }

  private static func notes(_ queue: QueueView) -> [String] {
    var notes: [String] = []
    if let scheduled = queue.scheduled, scheduled > 0 {
      notes.append(scheduled == 1 ? "1 job waits for its time" : "\(scheduled) jobs wait for their time")
    }
    for limit in queue.limits {
      notes.append("\(limit.kind) \(limit.name): \(RunningMaxWord.text(limit))")
    }
    if let pending = queue.outcomesPending, pending > 0 {
      notes.append("\(pending.counted("ended attempt is", "ended attempts are")) not settled yet")
    }
    if let unreadable = queue.unreadableEntries, unreadable > 0 {
      notes.append("\(unreadable.counted("entry", "entries")) could not be read and put aside: see docs/queue.md")
    }
    return notes
  }
}

/// What `strata queue` writes into a pipe: a line for each thing, its kind first, tabs between, `-` for what is not known.
package enum QueueLines {
  package static func of(_ queue: QueueView, now: Timestamp = .now) -> String {
    var lines: [[String]] = []
    if let admission = queue.admission {
      lines.append([
        "queue", admission.isOpen ? "open" : "full", "\(admission.jobs)", "\(admission.memoryUsedBytes)",
        admission.memoryMaxBytes.map { "\($0)" } ?? "-",
      ])
    }
    for tier in queue.tiers { lines.append(["tier", tier.name.rawValue, "\(tier.ready)", "\(tier.leased)"]) }
    for pool in queue.pools {
      for tenant in pool.tenants {
        let row = PoolRow(pool, tenant, now)
        lines.append([
          "tenant", pool.tier.rawValue, "\(pool.priorityClass)", tenant.name, "\(tenant.waiting)", "\(tenant.running)",
          row.waitedSeconds.map { "\($0)" } ?? "-", tenant.shareReceived.map { "\($0)" } ?? "-",
          tenant.shareDue.map { "\($0)" } ?? "-", row.marks.isEmpty ? "-" : row.marks,
        ])
      }
    }
    for lane in queue.lanes {
      lines.append([
        "lane", lane.tier.rawValue, "\(lane.priorityClass)", lane.capability, "\(lane.ready)", "\(lane.leased)",
      ])
    }
    for worker in queue.workers {
      lines.append([
        "worker", worker.id.description, "\(worker.leases)", worker.leaseUntil, worker.place ?? "-",
        worker.tiers?.listed ?? "-",
      ])
    }
    for limit in queue.limits {
      lines.append([
        "limit", limit.kind, limit.name, limit.runningMax.map { "\($0)" } ?? "-", limit.isPaused ? "paused" : "-",
        limit.rate.map { "\($0.count)/\($0.seconds)s" } ?? "-",
      ])
    }
    return lines.map { $0.joined(separator: "\t") }.joined(separator: "\n")
  }
}

/// A tenant of a pool in words.
struct PoolRow {
  /// How long ago the job was accepted that has waited the longest.
  let waitedSeconds: Int?
  let received: String?
  let due: String?
  let marks: String

  init(_ pool: PoolView, _ tenant: PoolView.Tenant, _ now: Timestamp) {
    waitedSeconds = tenant.waitingSince.flatMap(Timestamp.init(text:)).map { max(0, Int((now - $0).seconds)) }
    received = tenant.shareReceived.map(Self.percent)
    due = tenant.shareDue.map(Self.percent)
    let limit = tenant.runningMax.map { tenant.isAtLimit ? "at its limit of \($0)" : "at most \($0)" }
    marks = [tenant.isPaused ? "paused" : nil, limit, tenant.weight == 100 ? nil : "weight \(tenant.weight)"]
      .compactMap(\.self).joined(separator: ", ")
  }

  var oldest: String? { waitedSeconds.map { Duration.seconds($0).brief } }

  private static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
}

extension [TierName] {
  /// `gpu,cpu`.
  var listed: String { map(\.rawValue).joined(separator: ",") }
}

extension ResourceRequest {
  /// `2 cores, 4 GiB, 0.5 GPU`.
  var inWords: String {
    let gpu = gpuThousandths > 0 ? ", \(gpuThousandths.asGPUs)" : ""
    return "\(coresInWords), \(memoryBytes.asMemory)\(gpu)"
  }

  var coresInWords: String { cpuMillicores.asCores }
}

extension Int64 {
  /// Of thousandths: `1 core`, `2.5 cores`.
  var asCores: String { "\((Double(self) / 1_000).plain) core\(self == 1_000 ? "" : "s")" }
  /// Of thousandths: `0.5 GPU`.
  var asGPUs: String { "\((Double(self) / 1_000).plain) GPU" }
}
