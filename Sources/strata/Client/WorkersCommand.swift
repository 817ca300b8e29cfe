package import StrataAPI
import StrataCore

extension Command {
  static let workers = Command(
    name: "workers", summary: "List the workers: where they are, what they run and have free",
    details: """
      NAME is what 'strata restart' and the logs call a worker that 'strata up' has started; PLACE is its host and the number of
      its process. SLOTS is how many jobs it runs at this moment, of how many at most. ROOM is what its jobs may ask for
      together, FREE what of that is free. One that is draining is being stopped, and has no room for more. With --jobs there is
      a line for each job that one runs instead. 'strata worker' is one more. For operators.
      """,
    options: [.flag("jobs", "what each of them runs"), .dataDirectory, .json],
    run: { arguments in
      let page: Page<WorkerView> = try await Server(arguments).get("/v1/workers")
      if arguments.has("json") {
        Terminal.print(try JSONText.of(page))
      } else {
        let table = arguments.has("jobs") ? WorkerTable.ofJobs(page.items) : WorkerTable.of(page.items)
        Terminal.print(
          table,
          none: page.items.isEmpty
            ? "no workers: jobs wait until one comes ('strata worker' is one)" : "no worker runs anything")
      }
      return .done
    })
}

/// Workers as a list tells them.
package enum WorkerTable {
  package static func of(_ workers: [WorkerView]) -> Table {
    var table = Table("WORKER", "NAME", "PLACE", "TIERS", "SLOTS", "ROOM", "FREE", "")
    for worker in workers {
      let (room, free) = worker.isDraining ? (nil, nil) : (worker.room, worker.free)
      table.add(
        worker.id.description, worker.name ?? "-", worker.place ?? "-", worker.tiers?.listed ?? "-",
        "\(worker.running.count)" + (worker.slots.map { " of \($0)" } ?? ""), room?.inWords ?? "-",
        free?.inWords ?? "-", marks(of: worker))
    }
    return table
  }

  package static func ofJobs(_ workers: [WorkerView]) -> Table {
    var table = Table("WORKER", "NAME", "PLACE", "JOB", "TIER", "CAPABILITY", "NEEDS", "STARTED (UTC)", "")
    for worker in workers {
      for job in worker.running {
        table.add(
          worker.id.description, worker.name ?? "-", worker.place ?? "-", job.job.description, job.tier.rawValue,
          job.capability, job.resources.inWords, String(job.startedAt.prefix(19)), job.isEnding ? "is to end" : "")
      }
    }
    return table
  }

  private static func marks(of worker: WorkerView) -> String {
    [
      worker.isDraining ? "draining" : nil, worker.isDedicated ? "dedicated" : nil,
      worker.keepsRoomForClass.map { "keeps its room for a large job of class \($0)" },
    ].compactMap(\.self).joined(separator: ", ")
  }
}
