import Glibc
import StrataCore
import StrataRuntime
import StrataStack

/// The services of a stack, in the order in which they start.
struct StackServices {
  let settings: StackSettings
  let identity: StackIdentity
  let log: Log
  let onGiveUp: @Sendable (StrataError) -> Void

  /// What the workers need.
  var beforeWorkers: [any Service] {
    var services: [any Service] = []
    if options.postgres == nil { services.append(postgreSQL.service(log: log, onGiveUp: onGiveUp)) }
    if options.redis == nil { services.append(redis.service(log: log, onGiveUp: onGiveUp)) }
    services.append(controller)
    return services
  }

  var workers: [OwnService] { (0..<options.workers).map { worker($0 + 1) } }

  private var options: StackOptions { settings.options }

  private var postgreSQL: EmbeddedPostgreSQL { EmbeddedPostgreSQL(in: settings.directory, identity: identity) }
  private var redis: EmbeddedRedis {
    var redis = EmbeddedRedis(in: settings.directory, identity: identity)
    redis.memoryBytesMax = Int(clamping: options.bounds.memoryBytes ?? EmbeddedRedis.memoryBytesDefault)
    return redis
  }

  private var controller: OwnService {
    let endpoint = Endpoint(directory: settings.directory)
    return service(
      "controller",
      ["controller", "--http", options.http, "--slots", "\(options.slots)"] + WorkerRoom.words(options.room)
        + WorkerTiers.words(options.tiers) + options.bounds.words + (options.workers == 0 ? ["--no-workers"] : []),
      patience: .seconds(15)
    ) { _ in await endpoint.isReady() }
  }

  private func worker(_ number: Int) -> OwnService {
    let ready = settings.directory.run + "/worker-\(number).ready"
    return service(
      "worker-\(number)",
      ["worker", "--slots", "\(options.slots)", "--ready-file", ready] + WorkerRoom.words(options.room)
        + WorkerTiers.words(options.tiers) + JobGrace.words(options.jobGrace),
      patience: JobGrace.patience(options.jobGrace)
    ) { child in ReadyFile(path: ready).names(child.pid) }
  }

  private func service(
    _ name: String, _ arguments: [String], patience: Duration,
    isReady: @escaping @Sendable (ChildProcess) async -> Bool
  ) -> OwnService {
    let logFile = settings.directory.logs + "/\(name).log"
    let environment = environment
    var definition = ProcessService.Definition(
      name: name,
      prepare: { () throws(StrataError) in
        var specification = ProcessSpecification(
          OwnProgram.path, arguments + ["--data-dir", environment["STRATA_DATA_DIR"] ?? ""], environment: environment)
        specification.standardOutput = .file(logFile)
        specification.standardError = .file(logFile)
        specification.parentDeathSignal = SIGTERM
        specification.startsNewSession = true
        return specification
      }, isReady: isReady)
    definition.teardown = .terminate(patience: patience)
    definition.restart = .persistent
    definition.logFile = logFile
    definition.log = log
    definition.onGiveUp = onGiveUp
    return OwnService(process: ProcessService(definition), logFile: logFile)
  }

  /// What the controller and the workers need to know. Addresses with passwords go this way, where `ps` does not show
  /// them.
  private var environment: [String: String] {
    var environment = Environment.current.merging(identity.environment) { $1 }
    environment["STRATA_DATA_DIR"] = settings.directory.path
    environment["STRATA_REDIS_URL"] = options.redis ?? "unix://" + settings.directory.socket("redis.sock")
    environment["STRATA_POSTGRES_URL"] = options.postgres ?? postgreSQL.connectionString
    return environment
  }
}
