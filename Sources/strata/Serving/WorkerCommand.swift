import Capabilities
import Glibc
import StrataAPI
import StrataArtifacts
import StrataCore
import StrataQueue
import StrataRuntime
import StrataStack
import StrataWorker

extension Command {
  static let worker = Command(
    name: "worker", summary: "Be a worker: lease jobs and run them",
    details: """
      'strata up' starts workers by itself; this is one more for the stack of a folder. Where that stack was started with
      --redis, STRATA_REDIS_URL must name the same one. One that is dedicated runs the jobs of one tenant only, and with
      --lend those of others while its tenant has none for it. The first SIGTERM lets running jobs end within --job-grace and
      hands the rest back; a second one hands them back at once. Where the stack has its own Redis, 'strata down' stops this
      worker with it.
      """,
    options: [
      .dataDirectory, .option("slots", "N", "the most jobs to run at a time [one for each core]"),
      .option("name", "NAME", "what 'strata workers' calls it [nothing]"),
      WorkerTiers.option("the tier to serve, in order of preference"),
      .option("dedicated-to", "TENANT", "run jobs of this tenant only: its name or its id"),
      .flag("lend", "run jobs of others, too, while that tenant has none for it"),
      ReadinessNotice.file, ReadinessNotice.descriptor,
      JobGrace.option("how long running jobs have to end when it is told to stop, 7d at most [10s]"),
    ] + WorkerRoom.options,
    run: { arguments in
      let slots = try arguments.integer("slots", in: 1...1_024) ?? Machine.cores
      return try await WorkerProcess(
        directory: DataFolder.existing(arguments), name: name(arguments), tiers: WorkerTiers.read(arguments),
        slots: slots, room: WorkerRoom.read(arguments, slots: slots), dedication: dedication(arguments),
        jobGrace: JobGrace.read(arguments), readiness: ReadinessNotice(arguments)
      ).run()
    })

  private static let nameLengthMax = 64

  private static func name(_ arguments: Arguments) throws(UsageError) -> String? {
    guard let name = arguments["name"] else { return nil }
    let isPlain = name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    guard isPlain, (1...nameLengthMax).contains(name.utf8.count) else {
      throw UsageError("--name takes 1 to \(nameLengthMax) visible ASCII characters, no blanks", command: "worker")
    }
    return name
  }

  private static func dedication(_ arguments: Arguments) async throws -> Dedication? {
    guard let text = arguments["dedicated-to"] else {
      guard !arguments.has("lend") else { throw UsageError("--lend needs --dedicated-to", command: "worker") }
      return nil
    }
    let lends = arguments.has("lend")
    if let tenant = TenantID(text) { return Dedication(tenant: tenant, lends: lends) }
    let tenant: TenantView = try await Server(arguments).get(["v1", "tenants", text])
    return Dedication(tenant: tenant.id, lends: lends)
  }

  /// One slot of a worker.
  static let runner = Command(
    name: Runner.subcommand, summary: "Be a runner of a worker", isHidden: true,
    run: { _ in Runner.main(handlers: Catalogue.handlers) })

  /// Ends what a stack's parent left behind.
  static let sentinel = Command(
    name: Sentinel.subcommand, arguments: "STACK GRACE", argumentsMax: .max, summary: "Be the sentinel of a stack",
    isHidden: true,
    run: { arguments in Glibc.exit(Sentinel.run(arguments: arguments.positional)) })
}

/// Puts a worker together and runs it until it is told to stop.
struct WorkerProcess {
  let directory: DataDirectory
  /// What it is called, for people.
  let name: String?
  let tiers: [TierName]
  let slots: Int
  let room: ResourceRequest
  let dedication: Dedication?
  /// How long running jobs have to end when it is told to stop by itself.
  let jobGrace: Duration?
  let readiness: ReadinessNotice
  private let log = Log.standardError().component("worker")

  init(
    directory: DataDirectory, name: String?, tiers: [TierName], slots: Int, room: ResourceRequest,
    dedication: Dedication?,
    jobGrace: Duration?, readiness: ReadinessNotice
  ) {
    self.directory = directory
    self.name = name
    self.tiers = tiers
    self.slots = slots
    self.room = room
    self.dedication = dedication
    self.jobGrace = jobGrace
    self.readiness = readiness
  }

  func run() async throws -> ExitStatus {
    Signals.ignoreBrokenPipes()
    let requests = try Signals.terminationRequests()
    let loop = try EventLoop(label: "worker")
    let queue = try await QueueConnection.open(of: directory, on: loop)
    let store = try ArtifactStore(root: directory.artifacts)
    let id = WorkerID()
    let folder = try WorkerFolder(of: id, in: directory.path + "/work")
    await giveUp(on: try folder.removeAbandoned { [log] in log.info($0) }, queue)
    var configuration = WorkerConfiguration(
      tiers: tiers, slots: slots, room: room, folder: folder.attempts,
      runner: RunnerCommand(executable: OwnProgram.path, arguments: [Runner.subcommand]))
    configuration.id = id
    configuration.inlineHandlers = Catalogue.inlineHandlers
    configuration.dedication = dedication
    configuration.place = WorkerPlace(address: "\(Machine.hostName):\(getpid())", slots: slots, name: name).text
    if let jobGrace { configuration.drainGrace = jobGrace }
    let (failures, failure) = AsyncStream.makeStream(of: StrataError.self)
    let worker = Worker(configuration, queue: queue, artifacts: store, log: { [log] in log.info($0) }) {
      do throws(StrataError) { try sayReady(id) } catch { failure.yield(error) }
    }
    Task { for await _ in requests { worker.stop(within: graceOfStack) } }
    // Who waits for the file would wait for ever beside a worker that works.
    let ending = Task { () -> StrataError? in
      for await failure in failures {
        worker.stop()
        return failure
      }
      return nil
    }
    try await worker.run()
    failure.finish()
    try folder.leave()
    await queue.close()
    if let failure = await ending.value { throw failure }
    return .done
  }

  /// Has the jobs of workers that were killed run again at once, and not when their leases would be over.
  private func giveUp(on dead: [WorkerID], _ queue: RedisQueue) async {
    do throws(QueueError) {
      let count = try await queue.noteDead(dead)
      if count > 0 { log.warning("workers of this machine were killed; their jobs run again", ["workers": "\(count)"]) }
    } catch {
      // Then they wait for their deadlines.
      log.info("killed workers wait for their deadlines", ["workers": "\(dead.count)", "error": "\(error)"])
    }
  }

  /// What `down` gives running jobs, to any worker that stops with its stack, and `restart` to one that 'up' has started;
  /// nil to one that stops alone.
  private var graceOfStack: Duration? {
    let stop = JobGraceNote(directory: directory).grace
    if StackNote(directory: directory).phase == .stopping { return stop }
    guard Environment.current[StackIdentity.variable] != nil else { return nil }
    return JobGraceNote(directory: directory, of: .restart(getpid())).grace ?? stop
  }

  /// Once the queue knows it: who looks then sees a worker.
  private func sayReady(_ id: WorkerID) throws(StrataError) {
    try readiness.give()
    log.info("taking jobs", ["worker": "\(id)", "slots": "\(slots)"])
  }
}
