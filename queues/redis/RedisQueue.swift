public import StrataCore
public import StrataRuntime
internal import Synchronization

/// The job queue in a Redis server (7.0 or later), safe to share between tasks.
///
/// One connection carries all transitions, each a script that the server runs whole; calls that wait (`signals`,
/// `outcomes`, `events`) have connections of their own. Of an endpoint that sentinels know all of them follow the master
/// through a failover, also from one that lives on and has not heard of it. All keys begin with `{namespace}:6:`, so that a cluster keeps
/// them on one node. `docs/queue.md` describes them.
public final class RedisQueue: JobQueue {
  public struct Configuration: Sendable {
    /// Begins every key. Two queues on one server differ in it.
    public var namespace = "strata"
    public var limits = QueueLimits()
    public var timeouts = RedisTimeouts()
    /// The server's clock where nil. Tests give their own; all users of a queue must then share it.
    public var clock: WallClock?

    public init() {}
  }

  /// Of the keys and their values. A queue of another layout is another queue: it is found lost and is rebuilt.
  package static let layout = 8

  let configuration: Configuration
  let connection: RedisConnection
  let blocking: BlockingConnections
  let acknowledged = Mutex(Acknowledgements())
  /// For each log the last position that was told and lies at the end of its entry: nothing of that is left to read.
  let wholeUpTo = Mutex<[String: OutcomePosition]>([:])
  private let scripts: ScriptRunner
  private let locator: RedisLocator
  private let follower = Mutex<Task<Void, Never>?>(nil)
  private let prefix: [UInt8]

  /// Connects to the server at `endpoint` and loads the scripts.
  ///
  /// - Throws: `.disconnected` where the server cannot be reached, `.noMaster` where no sentinel names one. Later breaks heal by
  ///   themselves.
  public static func connect(
    to endpoint: RedisEndpoint, on loop: EventLoop, configuration: Configuration = Configuration()
  ) async throws(QueueError) -> RedisQueue {
    let queue = RedisQueue(endpoint, loop, configuration)
    do {
      try await queue.scripts.load()
      queue.followMaster()
      return queue
    } catch {
      await queue.close()
      throw error
    }
  }

  private init(_ endpoint: RedisEndpoint, _ loop: EventLoop, _ configuration: Configuration) {
    self.configuration = configuration
    let timeouts = configuration.timeouts
    let locator = RedisLocator(endpoint, on: loop, timeouts: timeouts)
    self.locator = locator
    connection = RedisConnection(by: locator, on: loop, timeouts: timeouts)
    blocking = BlockingConnections { RedisConnection(by: locator, on: loop, timeouts: timeouts) }
    scripts = ScriptRunner(connection, limits: configuration.limits)
    prefix = Array("{\(configuration.namespace)}:\(Self.layout):".utf8)
  }

  /// Ends all connections; calls in progress fail. Call it when done: an open queue keeps itself alive.
  public func close() async {
    follower.withLock { $0?.cancel() }
    await connection.close()
    await blocking.close()
  }

  /// Leaves a server as soon as the sentinels name another as the master: it may be well, and only cut off from them.
  private func followMaster() {
    guard locator.mayMove else { return }
    let task = Task { [locator, connection, blocking, configuration] in
      while (try? await Task.sleep(for: configuration.timeouts.masterLook)) != nil {
        guard let found = try? await locator.locate() else { continue }
        var strays: [RedisConnection] = []
        for one in [connection] + blocking.all where await one.leads(elsewhereThan: found.address) {
          strays.append(one)
        }
        // A sentinel that has missed a failover has nobody leave the master for what was one.
        guard !strays.isEmpty, await locator.confirm(found) else { continue }
        for stray in strays { await stray.leave(for: found.address) }
      }
    }
    follower.withLock { $0 = task }
  }

  /// Which run of the server the queue is connected to: it changes when the server was restarted.
  public func serverRunID() async throws(QueueError) -> String { try await connection.session().serverRunID }

  /// Every connection made from now on, the present one first. After a new one, and above all after one with another
  /// `serverRunID`, what the server holds may be older than what it once acknowledged: reconcile.
  public func sessions() async -> AsyncStream<RedisConnection.Session> { await connection.sessions() }

  // MARK: What the operations share

  func key(_ name: String) -> [UInt8] { prefix + Array(name.utf8) }

  func run(_ script: RedisScript, _ arguments: (inout RedisCommand) -> Void) async throws(QueueError) -> RedisValue {
    try await scripts.run(script, prefix: prefix, arguments)
  }

  /// The time that scripts are given: empty for the server's own.
  var now: String { configuration.clock.map { String($0.now.microseconds) } ?? "" }

  /// Runs a plain command.
  func send(_ command: RedisCommand) async throws(QueueError) -> RedisValue {
    let answer = try await connection.send(command)
    if case .error(let message) = answer { throw QueueError(serverMessage: message) }
    return answer
  }

  /// Runs `body` on parts of `items` that keep to the limits of one call, one after the other.
  func batches<Item, Answer>(
    of items: [Item], countMax: Int = .max, sizeBytes: (Item) -> Int = { _ in 0 },
    _ body: ([Item]) async throws(QueueError) -> [Answer]
  ) async throws(QueueError) -> [Answer] {
    var answers: [Answer] = []
    var start = 0
    while start < items.count {
      let end = endOfBatch(items, from: start, countMax, sizeBytes)
      answers += try await body(start == 0 && end == items.count ? items : Array(items[start..<end]))
      start = end
    }
    return answers
  }

  private func endOfBatch<Item>(_ items: [Item], from start: Int, _ countMax: Int, _ sizeBytes: (Item) -> Int) -> Int {
    let limit = min(items.count, start + min(countMax, configuration.limits.batchSize))
    var end = start
    var bytes = 0
    while end < limit, end == start || bytes + sizeBytes(items[end]) <= configuration.limits.batchBytesMax {
      bytes += sizeBytes(items[end])
      end += 1
    }
    return end
  }

  /// Reads a script's verdicts, one character per item.
  func verdicts<Verdict>(_ answer: RedisValue, _ meanings: [Character: Verdict]) throws(QueueError) -> [Verdict] {
    guard let text = answer.text else { throw unexpected(answer) }
    let verdicts = text.compactMap { meanings[$0] }
    guard verdicts.count == text.count else { throw unexpected(answer) }
    return verdicts
  }

  func unexpected(_ answer: RedisValue) -> QueueError { .server("unexpected answer \(answer)") }
}

extension QueueLimits {
  /// The scripts number the entries of one call below 1000.
  var batchSize: Int { min(max(1, batchMax), 1000) }
}

extension Duration {
  /// Whole microseconds, none where negative.
  var wholeMicroseconds: Int64 { max(0, nanoseconds / 1_000) }
}
