import Glibc
import StrataCore

/// What does an HTTP request cost this server, beside libmicrohttpd in C: the same requests, the same run?
///
/// Each server runs in a process of its own, whose processor time is read before and after. The servers take turns, and
/// the median of the rounds counts, because others share the machine.
enum HTTPBenchmark {
  private struct Rates {
    var microseconds: [Double] = []
    var perSecond: [Double] = []
  }

  private static let cases = [("GET hello", "get"), ("POST 300 bytes of JSON", "post")]

  /// - Parameter arguments: `[--requests N] [--rounds N] [--connections N] [--streams N]`; `serve` alone is how the
  ///   benchmark starts itself as the server.
  static func run(arguments: [String]) async throws {
    if arguments.first == "serve" { return try await HTTPBenchmarkServer.serve() }
    let requests = number("--requests", arguments) ?? 200_000
    let rounds = number("--rounds", arguments) ?? 5
    let connections = number("--connections", arguments) ?? 64
    let tools = try buildPeer()
    let strata = try BenchmarkProcess([CommandLine.arguments[0], "http", "serve"])
    let peer = try BenchmarkProcess([tools + "/microhttpd"])
    print("\(requests) requests on \(connections) connections, median of \(rounds) rounds; the server's processor time")
    for (name, method) in cases {
      var ours = Rates()
      var theirs = Rates()
      for _ in 0..<rounds {
        try measure(strata, [tools + "/load", strata.firstLine, "\(connections)", "\(requests)", method], &ours)
        try measure(peer, [tools + "/load", peer.firstLine, "\(connections)", "\(requests)", method], &theirs)
      }
      report(name, ours, theirs)
    }
    try reportIdleStreams(number("--streams", arguments) ?? 1_000, strata)
  }

  private static func number(_ name: String, _ arguments: [String]) -> Int? {
    guard let place = arguments.firstIndex(of: name), place + 1 < arguments.count else { return nil }
    return Int(arguments[place + 1])
  }

  /// Builds the peer and the load with `make`. Returns their folder.
  private static func buildPeer() throws(StrataError) -> String {
    let sources = "benchmarks/http"
    let make = try BenchmarkProcess(["/usr/bin/make", "-s", "-C", sources])
    guard try make.waitForExit() == 0 else {
      throw StrataError(
        .unavailable, "could not build the peer in \(sources)",
        remedy: "run from the repository's root, with libmicrohttpd-dev and a C compiler installed")
    }
    return ".build/benchmarks-http"
  }

  private static func measure(_ server: BenchmarkProcess, _ load: [String], _ rates: inout Rates) throws {
    let before = try server.processorSeconds()
    let client = try BenchmarkProcess(load)
    guard try client.waitForExit() == 0, let seconds = Double(client.firstLine), let requests = Double(load[3]) else {
      throw StrataError(.internalError, "the load on port \(server.firstLine) failed")
    }
    rates.microseconds.append((try server.processorSeconds() - before) / requests * 1e6)
    rates.perSecond.append(requests / seconds)
  }

  private static func report(_ name: String, _ ours: Rates, _ theirs: Rates) {
    let cost = (median(ours.microseconds), median(theirs.microseconds))
    print("\(name)")
    print("  strata       \(decimal(cost.0)) µs per request, \(Int(median(ours.perSecond))) per second")
    print("  microhttpd   \(decimal(cost.1)) µs per request, \(Int(median(theirs.perSecond))) per second")
    print("  ratio        \(decimal(cost.0 / cost.1))")
  }

  private static func reportIdleStreams(_ count: Int, _ server: BenchmarkProcess) throws {
    let before = try server.residentBytes()
    let streams = try (0..<count).map { _ in try BenchmarkStream(port: server.firstLine) }
    let bytes = try server.residentBytes() - before
    print("an idle event stream: \(bytes / max(1, streams.count)) bytes of the server's memory (\(count) streams)")
  }

  private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

  private static func decimal(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
  }
}
