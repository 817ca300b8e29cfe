import Glibc
import StrataRuntime
import StrataServer

/// The server that is measured: the answers of `benchmarks/http/microhttpd.c`, and silent event streams.
enum HTTPBenchmarkServer {
  /// Prints its port, and serves until its standard input ends.
  static func serve() async throws {
    let loop = try EventLoop(label: "http")
    let server = HTTPServer(loop: loop) { request in
      switch (request.method, request.path.segments.first) {
      case (.get, "events"): return .events(keepSilent)
      case (.get, _): return .text("hello, world\n")
      default:
        _ = try await request.body.collect(limit: 1_000)
        return .json(Array("{\"accepted\":true}".utf8))
      }
    }
    guard case .tcp(_, let port) = try await server.listen(on: .tcp(host: "127.0.0.1", port: 0)) else { return }
    print(port)
    fflush(nil)
    var byte: UInt8 = 0
    while unsafe read(0, &byte, 1) > 0 {}
    await server.shutdown(budget: .zero)
  }

  private static func keepSilent(_ writer: HTTPResponseWriter) async throws {
    try await writer.write(HTTPServerSentEvent.heartbeat)
    let (silence, _) = AsyncStream<Never>.makeStream()
    for await _ in silence {}
  }
}
