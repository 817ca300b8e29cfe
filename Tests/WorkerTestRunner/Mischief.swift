import Glibc
import StrataCore
import StrataWorker

/// A handler made of a closure, for tests.
struct Mischief: CapabilityHandler {
  let definition: Capability
  private let body: @Sendable (AttemptContext) async throws(AttemptError) -> AttemptProduct

  init(
    _ name: String, _ body: @escaping @Sendable (AttemptContext) async throws(AttemptError) -> AttemptProduct
  ) {
    definition = Capability(
      name: name, version: 1, summary: "For tests", tier: .cpu, price: Price(perJob: .zero), timeoutSeconds: 60,
      attemptsMax: 3, resources: ResourceRequest(), parameters: [], inputs: 0...0)
    self.body = body
  }

  func run(_ context: AttemptContext) async throws(AttemptError) -> AttemptProduct { try await body(context) }

  static let all = [segfault, hang, hog, patient, chatter, throwing, flood, abandon]

  /// Dies as a C library would.
  static let segfault = Mischief("test.segfault") { context in
    context.log("about to crash")
    kill(getpid(), SIGSEGV)
    while true { pause() }
  }

  /// Ignores that it is to stop.
  static let hang = Mischief("test.hang") { context in
    context.progress(0.5, stage: "hanging")
    while true { pause() }
  }

  /// Takes memory until it is stopped.
  static let hog = Mischief("test.hog") { context in
    var blocks: [[UInt8]] = []
    while !context.isCancelled {
      blocks.append([UInt8](repeating: 1, count: 16 << 20))
      usleep(1_000)
    }
    return AttemptProduct(summary: .integer(Int64(blocks.count)))
  }

  /// Ends gently when it is asked to.
  static let patient = Mischief("test.patient") { context in
    context.progress(0.1, stage: "waiting")
    while !context.isCancelled { usleep(1_000) }
    context.log("ended gently")
    return AttemptProduct()
  }

  static let chatter = Mischief("test.chatter") { context in
    for line in 0..<10_000 { context.log("line \(line) of a long story") }
    return AttemptProduct()
  }

  static let throwing = Mischief("test.throwing") { _ throws(AttemptError) in
    throw .invalidInput("this file is nothing of the kind")
  }

  /// Starts a process that works, leaves its session and stays, says its number and the clock ticks it has used, and
  /// dies.
  static let abandon = Mischief("test.abandon") { context throws(AttemptError) in
    let script =
      "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; read -r stat </proc/$$/stat; "
      + "set -- $stat; echo escaped $$ $((${14}+${15})); exec sleep 1000"
    var line = [CChar](repeating: 0, count: 100)
    guard let pipe = popen("setsid sh -c '\(script)' &", "r"), fgets(&line, 100, pipe) != nil else {
      throw .workerFault("nobody could be abandoned")
    }
    context.log(String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    kill(getpid(), SIGKILL)
    while true { pause() }
  }

  /// Says more than a frame holds.
  static let flood = Mischief("test.flood") { _ in
    AttemptProduct(summary: .string(String(repeating: "x", count: 2 << 20)))
  }
}
