import StrataCore
import StrataRuntime
import StrataServer

/// Where the controller takes requests: at the stack's unix socket, and at a TCP port as soon as that can be had.
///
/// A stack that runs does not end because its port was taken while its controller was away: what was chosen for it is
/// chosen anew, and what was named is tried again until it is free.
struct APIListeners {
  static let retryMin = Duration.milliseconds(200)
  static let retryMax = Duration.seconds(10)

  let server: HTTPServer
  let endpoint: Endpoint
  let log: Log

  /// - Returns: what still tries to have the port; nil when there is nothing left to try. Cancel it before the end.
  /// - Throws: if the socket cannot be had, or, when the stack starts, the port.
  func open(_ wanted: HTTPAddress) async throws(StrataError) -> Task<Void, Never>? {
    _ = try await server.listen(on: .unix(path: endpoint.socket))
    let isFirst = endpoint.httpAddress == nil
    do throws(StrataError) {
      try await listen(endpoint.address(for: wanted))
      return nil
    } catch {
      if isFirst { throw error }
      log.error("the port of this stack cannot be had", ["error": error.description, "socket": endpoint.socket])
      try endpoint.record(httpObstacle: error.message)
    }
    guard case .tcp(_, 0) = wanted else { return Task { await keepTrying(wanted) } }
    try await listen(wanted)
    return nil
  }

  private func listen(_ address: HTTPAddress) async throws(StrataError) {
    let address = try await server.listen(on: address)
    try endpoint.record(httpAddress: "\(address)")
    log.info("serving", ["http": "\(address)", "socket": endpoint.socket])
  }

  private func keepTrying(_ address: HTTPAddress) async {
    var backoff = Backoff(first: Self.retryMin, longest: Self.retryMax)
    while (try? await Task.sleep(for: backoff.next(), clock: .continuous)) != nil {
      do throws(StrataError) { return try await listen(address) } catch {
        log.warning("the port is still not to be had", ["error": error.description])
      }
    }
  }
}
