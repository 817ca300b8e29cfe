import Foundation
import StrataCore
import StrataQueue

/// The least that Redis can do for the same two steps: see `QueueLifecycleBenchmark`.
struct BareLifecycle: Lifecycle {
  let connection: RedisConnection

  private static let enqueueScript = """
    local bodies, scores = {}, {}
    for i = 1, #ARGV, 3 do
      bodies[#bodies + 1] = 'body:' .. ARGV[i] bodies[#bodies + 1] = ARGV[i + 2]
      scores[#scores + 1] = ARGV[i + 1] scores[#scores + 1] = ARGV[i]
    end
    redis.call('MSET', unpack(bodies))
    redis.call('ZADD', 'ready', unpack(scores))
    """
  private static let leaseScript = """
    if #ARGV > 2 then
      local ended, keys = {}, {}
      for i = 3, #ARGV do ended[i - 2] = ARGV[i] keys[i - 2] = 'body:' .. ARGV[i] end
      redis.call('ZREM', 'leases', unpack(ended))
      redis.call('DEL', unpack(keys))
    end
    local popped, keys, leases = redis.call('ZPOPMIN', 'ready', ARGV[1]), {}, {}
    for i = 1, #popped, 2 do
      keys[#keys + 1] = 'body:' .. popped[i]
      leases[i] = ARGV[2] leases[i + 1] = popped[i]
    end
    if #keys == 0 then return popped end
    redis.call('ZADD', 'leases', unpack(leases))
    local bodies = redis.call('MGET', unpack(keys))
    for i = 1, #bodies do popped[2 * i] = bodies[i] end
    return popped
    """
  private let digests: [String: String]

  /// Loads the scripts, which outlive a flush of the data.
  init(connection: RedisConnection) async throws {
    self.connection = connection
    var digests: [String: String] = [:]
    for script in [Self.enqueueScript, Self.leaseScript] {
      guard case .bytes(let digest) = try await connection.send(RedisCommand("SCRIPT", "LOAD", script)) else {
        continue
      }
      digests[script] = String(decoding: digest, as: UTF8.self)
    }
    self.digests = digests
  }

  func prepare() async throws {}

  private func evaluate(_ script: String, _ append: (inout RedisCommand) -> Void) async throws -> RedisValue {
    var command = RedisCommand("EVALSHA", digests[script] ?? "", "0")
    append(&command)
    let answer = try await connection.send(command)
    if case .error(let message) = answer { throw StrataError(.internalError, message) }
    return answer
  }

  func enqueue(_ count: Int) async throws {
    _ = try await evaluate(Self.enqueueScript) { command in
      for place in 0..<count {
        command.append(JobID().bytes)
        command.append(-(place % 10 * 10))
        command.append(QueueLifecycleBenchmark.payload)
      }
    }
  }

  func lease(_ count: Int, ending done: [LeaseReference], as caller: Int) async throws -> [LeaseReference] {
    let answer = try await evaluate(Self.leaseScript) { command in
      command.append(count)
      command.append("1790000000")
      for lease in done { command.append(lease.job.bytes) }
    }
    guard case .array(let parts) = answer else { return [] }
    return stride(from: 0, to: parts.count, by: 2).compactMap { index in
      guard case .bytes(let bytes) = parts[index], let id = JobID(bytes: bytes) else { return nil }
      return LeaseReference(job: id, worker: WorkerID(high: 0, low: 0), token: FencingToken(rawValue: 0))
    }
  }
}

/// The program `queues/limit.c` of the folder that `STRATA_PEERS` names, compiled for this run.
struct PeerLimit {
  private let program: String

  init?() {
    guard let peers = ProcessInfo.processInfo.environment["STRATA_PEERS"] else { return nil }
    program = FileManager.default.temporaryDirectory.appending(path: "strata-limit-\(JobID())").path
    guard Self.output("cc", ["-O2", "\(peers)/queues/limit.c", "-lhiredis", "-o", program]) != nil else { return nil }
  }

  func measure(_ server: QueueBenchmarkServer, _ jobs: Int, _ batch: Int) async throws -> Measure? {
    let callers = QueueLifecycleBenchmark.callers
    let options =
      ["-p", "\(server.port)", "-d", "zset+str", "-c", "\(callers)", "-P", "1", "-f"] + [
        "-b", "\(batch)", "-n", "\(jobs)",
      ]
    try await server.flush()
    let (text, work) = try await server.work { Self.output(program, options) }
    guard let rate = text.flatMap({ Self.number("life", in: $0) }) else { return nil }
    return Measure(work: work / Double(jobs), jobsPerSecond: rate)
  }

  private static func number(_ name: String, in text: String) -> Double? {
    guard let start = text.firstRange(of: "\"\(name)\":") else { return nil }
    return Double(text[start.upperBound...].prefix { $0.isNumber || $0 == "." })
  }

  private static func output(_ program: String, _ arguments: [String]) -> String? {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.standardOutput = pipe
    guard (try? process.run()) != nil, let data = try? pipe.fileHandleForReading.readToEnd() ?? Data() else {
      return nil
    }
    process.waitUntilExit()
    return process.terminationStatus == 0 ? String(decoding: data, as: UTF8.self) : nil
  }
}
