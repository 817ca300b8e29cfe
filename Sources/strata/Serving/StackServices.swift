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

  func all() throws(StrataError) -> [any Service] {
    var services: [any Service] = []
    if settings.postgres == nil { services.append(postgreSQL.service(log: log, onGiveUp: onGiveUp)) }
    if settings.redis == nil { services.append(redis.service(log: log, onGiveUp: onGiveUp)) }
    services.append(controller)
    for number in 0..<settings.workers { services.append(worker(number + 1)) }
    return services
  }

  private var postgreSQL: EmbeddedPostgreSQL { EmbeddedPostgreSQL(in: settings.directory, identity: identity) }
  private var redis: EmbeddedRedis { EmbeddedRedis(in: settings.directory, identity: identity) }

  private var controller: ProcessService {
    let endpoint = Endpoint(directory: settings.directory)
    return service(
      "controller", ["controller", "--http", settings.http, "--slots", "\(settings.slots)"],
      patience: .seconds(15)
    ) { _ in await endpoint.isReady() }
  }

  private func worker(_ number: Int) -> ProcessService {
    let ready = settings.directory.run + "/worker-\(number).ready"
    return service(
      "worker-\(number)", ["worker", "--slots", "\(settings.slots)", "--ready-file", ready],
      // The worker's own grace for running jobs, and some more to hand the rest back.
      patience: .seconds(30)
    ) { child in ReadyFile(path: ready).names(child.pid) }
  }

  private func service(
    _ name: String, _ arguments: [String], patience: Duration,
    isReady: @escaping @Sendable (ChildProcess) async -> Bool
  ) -> ProcessService {
    let logFile = settings.directory.logs + "/\(name).log"
    let environment = environment
    var definition = ProcessService.Definition(
      name: name,
      prepare: { () throws(StrataError) in
        var specification = ProcessSpecification(
          "/proc/self/exe", arguments + ["--data-dir", environment["STRATA_DATA_DIR"] ?? ""], environment: environment)
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
    return ProcessService(definition)
  }

  /// What the controller and the workers need to know. Addresses with passwords go this way, where `ps` does not show
  /// them.
  private var environment: [String: String] {
    var environment = Environment.current.merging(identity.environment) { $1 }
    environment["STRATA_DATA_DIR"] = settings.directory.path
    environment["STRATA_REDIS_URL"] = settings.redis ?? "unix://" + settings.directory.socket("redis.sock")
    environment["STRATA_POSTGRES_URL"] = settings.postgres ?? postgreSQL.connectionString
    return environment
  }
}
