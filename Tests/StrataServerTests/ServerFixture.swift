import Glibc
import StrataRuntime
import StrataServer
import TestSupport

/// Runs `body` beside a server on a port of its own, on a thread that may block.
func withServer(
  limits: HTTPLimits = HTTPLimits(), handler: @escaping HTTPServer.Handler,
  _ body: @escaping @Sendable (HTTPAddress, HTTPServer) async throws -> Void
) async throws {
  let loop = try EventLoop(label: "test-http")
  defer { loop.stop() }
  let server = HTTPServer(loop: loop, limits: limits, handler: handler)
  let address = try await server.listen(on: .tcp(host: "127.0.0.1", port: 0))
  do {
    try await body(address, server)
  } catch {
    await server.shutdown(budget: .zero)
    throw error
  }
  await server.shutdown(budget: .zero)
}

/// A file that is gone when `body` returns.
func withTemporaryFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
  var template = Array("/tmp/strata-test-XXXXXX".utf8CString)
  guard mkdtemp(&template) != nil else { throw RawClient.Failure(action: "make a folder", errorNumber: errno) }
  let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  defer {
    if let folder = opendir(path) {
      while let entry = readdir(folder) {
        withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { _ = unlink(path + "/" + String(cString: $0)) }
        }
      }
      closedir(folder)
    }
    rmdir(path)
  }
  return try await body(path)
}
