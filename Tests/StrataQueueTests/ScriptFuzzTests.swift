import Foundation
import StrataCore
import StrataQueue
import StrataRuntime
import TestSupport
import Testing

/// Garbage for arguments: a script either answers or refuses, and where it refuses it has written nothing.
@Suite struct ScriptFuzzTests {
  @Test func aScriptThatRefusesHasWrittenNothing() async throws {
    let seed = testSeed
    var random = SeededGenerator(seed: seed)
    let server = try RedisFixture.shared.get()
    let loop = try EventLoop(label: "queue-tests")
    defer { loop.stop() }
    let connection = RedisConnection(to: try RedisEndpoint(url: server.url), on: loop)
    let namespace = "fuzz-\(JobID())"
    try await prepare(namespace, on: server)
    var refusals = 0
    for _ in 0..<4_000 {
      let script = ScriptSource.names.randomElement(using: &random)!
      var command = RedisCommand("FCALL", ScriptSource.function(script), "1", "{\(namespace)}:8:")
      for argument in Garbage.arguments(of: script, using: &random) { command.append(argument) }
      let before = try await fingerprint(of: namespace, connection)
      guard case .error(let message) = try await connection.send(command) else { continue }
      refusals += 1
      let after = try await fingerprint(of: namespace, connection)
      #expect(before == after, "\(script) wrote before it said '\(message)'; replay with STRATA_SEED=\(seed)")
      #expect(message.hasPrefix("ARGUMENT "), "\(script) failed with '\(message)'; replay with STRATA_SEED=\(seed)")
    }
    #expect(refusals > 500)
    await connection.close()
  }

  /// A queue with something in every structure.
  private func prepare(_ namespace: String, on server: RedisFixture) async throws {
    var configuration = RedisQueue.Configuration()
    configuration.namespace = namespace
    try await withRedisQueue(configuration, on: server) { queue in
      try await queue.install(generation: 1, tokenFloor: FencingToken(rawValue: 0))
      _ = try await queue.enqueue((0..<20).map { _ in .sample() })
      let grant = try await queue.lease(worker: WorkerID(), tiers: [.cpu], count: 10, for: minute)
      _ = try await queue.progress([ProgressReport(lease: grant.leases[0].reference, fraction: 0.5, log: [1, 2])])
      _ = try await queue.complete([AttemptResult(lease: grant.leases[1].reference, report: [1])])
    }
  }

  /// Every key of the namespace with its whole value; the fields of hashes in order, which a server changes on reading.
  private func fingerprint(of namespace: String, _ connection: RedisConnection) async throws -> RedisValue {
    let script = """
      local all = {}
      for _, key in ipairs(redis.call('KEYS', KEYS[1] .. '*')) do
        if redis.call('TYPE', key).ok == 'hash' then
          local fields = redis.call('HGETALL', key)
          for index = 1, #fields, 2 do all[#all + 1] = key .. fields[index] .. '=' .. fields[index + 1] end
        else
          all[#all + 1] = key .. redis.call('DUMP', key)
        end
      end
      table.sort(all)
      return redis.sha1hex(table.concat(all))
      """
    return try await connection.send(RedisCommand("EVAL", script, "1", "{\(namespace)}:8:"))
  }
}

enum Garbage {
  /// Arguments that `script` would take, with some of them replaced, dropped or added.
  static func arguments(of script: String, using random: inout SeededGenerator) -> [[UInt8]] {
    var arguments = fitting(script)
    for _ in 0..<Int.random(in: 0...2, using: &random) {
      let place = Int.random(in: 0...arguments.count, using: &random)
      switch Int.random(in: 0..<6, using: &random) {
      case 0: arguments.insert(one(&random), at: place)
      case 1: arguments.removeLast(min(arguments.count, place))
      default: if place < arguments.count { arguments[place] = one(&random) }
      }
    }
    return arguments
  }

  private static func fitting(_ script: String) -> [[UInt8]] {
    let (id, token) = ([UInt8](repeating: 7, count: 16), [UInt8](repeating: 1, count: 8))
    func record(_ flag: UInt8) -> [UInt8] { [flag, 0, 3, 0, 0, 0, 50] + Array("payload".utf8) }
    let amounts = [[UInt8]](repeating: [0, 0, 0, 0, 0, 0, 3, 232], count: 4)
    let (way, other) = (amounts.joined() + [3] + Array("cpu".utf8), amounts.joined() + [3] + Array("gpu".utf8))
    let lane: [UInt8] = [4] + way + [4] + Array("noop".utf8) + [0] + way + other
    func text(_ words: String...) -> [[UInt8]] { words.map { Array($0.utf8) } }
    switch script {
    case "enqueue":
      let second = SampleIdentifiers.next().bytes
      return text("", "1", "1") + [lane] + text("1") + [id] + text("2") + [id, second, record(2), record(1)]
        + text("7", "5")
    case "promote": return text("", "100", "60", "10")
    case "govern":
      return text("", "Tcpu", "5", "100", "1", "100000", "3") + [Array("t".utf8) + id] + text("", "1", "", "", "")
    case "tune": return text("60000000", "30000000", "0", "0")
    case "reprioritise": return text("") + [id] + text("7") + [SampleIdentifiers.next().bytes] + text("100")
    case "forget": return text("") + [id, SampleIdentifiers.next().bytes]
    case "lease":
      let asked: [UInt8] = [1_000_000, 3, 8_000, 8_000, 0, 9_000, 9_000, 1].flatMap { (amount: Int) in
        (0..<8).map { UInt8(truncatingIfNeeded: amount >> (56 - 8 * $0)) }
      }
      return text("", "100", "60") + [id, asked] + text("", "0", "2", "cpu", "gpu") + [id, token] + text("report")
    case "heartbeat": return text("", "100", "60") + [id] + text("1000000", "here") + [id, token]
    case "progress": return text("", "100", "1000") + [id, id, token, token] + text("stage", "log")
    case "complete", "release":
      return text("", "100", "60") + [id, id, SampleIdentifiers.next().bytes, token, token] + text("report", "")
    case "fail":
      return text("", "100", "60") + [id, id, SampleIdentifiers.next().bytes, token, token]
        + text("r", "f", "5", "0", "report", "")
    case "expire": return text("", "100", "60", "10")
    case "cancel": return text("", "100", "60") + [id, SampleIdentifiers.next().bytes]
    case "preempt": return [id, id, token] + text("7")
    case "dead", "leave": return text("1790000000000000") + [id]
    case "rewind": return text("1790000000000000", "3600000000", "timers", "0", "100", "5000000")
    case "reserve": return text("1790000000000000") + [id, lane] + text("1000000")
    case "running": return text("0", "10")
    case "install": return text("1", "5")
    case "log", "page": return [id] + text("0")
    case "census": return text("100")
    case "room": return text("", "100")
    case "pool": return text("4", "cpu", "0", "10")
    case "standing": return [id, TenantID.sample.bytes]
    case "oldest": return text("4", "cpu") + [id, TenantID.sample.bytes]
    case "aside": return text("outcomes", "1-1", "it is cut")
    default: return [id, id]
    }
  }

  private static func one(_ random: inout SeededGenerator) -> [UInt8] {
    let texts = ["", "0", "1", "7", "-1", "nan", "inf", "1e300", "9007199254740993", "r", "f", "cpu", "0x10", " 5"]
    switch Int.random(in: 0..<4, using: &random) {
    case 0: return bytes(16, &random)
    case 1: return bytes(.random(in: 0...40, using: &random), &random)
    case 2: return bytes(8, &random)
    default: return Array(texts.randomElement(using: &random)!.utf8)
    }
  }

  private static func bytes(_ count: Int, _ random: inout SeededGenerator) -> [UInt8] {
    (0..<count).map { _ in [0, 1, 2, 3, 255, .random(in: 0...255, using: &random)].randomElement(using: &random)! }
  }
}
