import Glibc
import StrataCore
import StrataRuntime
import StrataStack

/// The services of a stack: its servers, then its controller, then its workers, as they start.
struct StackServices {
  let settings: StackSettings
  let identity: StackIdentity
  let log: Log
  let onGiveUp: @Sendable (StrataError) -> Void

  /// The number that each process finds its pipe at by which it says that it is ready; sockets have those before it.
  private static let readinessNumber: Int32 = 5

  /// Those that are not this program.
  var servers: [any Service] {
    var services: [any Service] = []
    if options.postgres == nil { services.append(postgreSQL.service(log: log, onGiveUp: onGiveUp)) }
    if options.redis == nil { services.append(redis.service(log: log, onGiveUp: onGiveUp)) }
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

  func controller(_ sockets: APISockets) -> OwnService {
    service(
      "controller", .controller(sockets),
      ["controller", "--slots", "\(options.slots)"] + sockets.words + WorkerRoom.words(options.room)
        + WorkerTiers.words(options.tiers) + options.bounds.words + (options.workers == 0 ? ["--no-workers"] : []),
      descriptors: sockets.descriptors, patience: .seconds(15))
  }

  private func worker(_ number: Int) -> OwnService {
    let name = "worker-\(number)"
    return service(
      name, .worker(settings.directory),
      ["worker", "--name", name, "--slots", "\(options.slots)"] + WorkerRoom.words(options.room)
        + WorkerTiers.words(options.tiers)
        + JobGrace.words(options.jobGrace),
      patience: JobGrace.patience(options.jobGrace))
  }

  private func service(
    _ name: String, _ kind: OwnService.Kind, _ arguments: [String], descriptors: [Int32: Descriptor] = [:],
    patience: Duration
  ) -> OwnService {
    let logFile = settings.directory.logs + "/\(name).log"
    let (environment, program) = (environment, StackProgram())
    var definition = ProcessService.Definition(
      name: name,
      prepare: { () throws(StrataError) in
        var specification = ProcessSpecification(
          program.path,
          arguments + ReadinessNotice.words(Self.readinessNumber)
            + ["--data-dir", environment["STRATA_DATA_DIR"] ?? ""],
          environment: environment)
        specification.extraDescriptors = descriptors
        specification.readinessNumber = Self.readinessNumber
        specification.standardOutput = .file(logFile)
        specification.standardError = .file(logFile)
        specification.parentDeathSignal = SIGTERM
        specification.startsNewSession = true
        return specification
      }, isReady: { $0.hasSaidReady })
    definition.teardown = .terminate(patience: patience)
    definition.restart = .persistent
    definition.logFile = logFile
    definition.log = log
    definition.onGiveUp = onGiveUp
    return OwnService(process: ProcessService(definition), logFile: logFile, kind: kind, program: program)
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
