package import StrataCore
package import StrataRuntime
package import StrataServer

/// Where the controller takes requests: at the stack's unix socket, and at a TCP port as soon as that can be had.
///
/// A stack that runs does not end because its port was taken while its controller was away: what was chosen for it is
/// chosen anew, and what was named is tried again until it is free.
package struct APIListeners {
  static let retryMin = Duration.milliseconds(200)
  static let retryMax = Duration.seconds(10)

  let server: HTTPServer
  let endpoint: Endpoint
  let log: Log

  package init(server: HTTPServer, endpoint: Endpoint, log: Log) {
    self.server = server
    self.endpoint = endpoint
    self.log = log
  }

  /// - Returns: what still tries to have the port, or to tell of it; nil when there is nothing left to try. Cancel it
  ///   before the end.
  /// - Throws: if the socket cannot be had, or, when the stack starts, the port.
  package func open(_ wanted: HTTPAddress) async throws(StrataError) -> Task<Void, Never>? {
    _ = try await server.listen(on: .unix(path: endpoint.socket))
    let isFirst = endpoint.httpAddress == nil
    do throws(StrataError) {
      return tell(of: try await server.listen(on: endpoint.address(for: wanted)))
    } catch {
      if isFirst { throw error }
      log.error("the port of this stack cannot be had", ["error": error.description, "socket": endpoint.socket])
      try endpoint.record(httpObstacle: error.message)
    }
    guard case .tcp(_, 0) = wanted else { return Task { await keepTrying(wanted) } }
    return tell(of: try await server.listen(on: wanted))
  }

  private func keepTrying(_ address: HTTPAddress) async {
    var backoff = Backoff(first: Self.retryMin, longest: Self.retryMax)
    while (try? await Task.sleep(for: backoff.next(), clock: .continuous)) != nil {
      do throws(StrataError) {
        let address = try await server.listen(on: address)
        if !record(address) { await keepRecording(address) }
        return
      } catch {
        log.warning("the port is still not to be had", ["error": error.description])
      }
    }
  }

  // MARK: Telling of it

  /// - Parameter address: where the server listens. Whatever comes of telling, it is not listened at again.
  private func tell(of address: HTTPAddress) -> Task<Void, Never>? {
    record(address) ? nil : Task { await keepRecording(address) }
  }

  private func keepRecording(_ address: HTTPAddress) async {
    var backoff = Backoff(first: Self.retryMin, longest: Self.retryMax)
    while (try? await Task.sleep(for: backoff.next(), clock: .continuous)) != nil {
      if record(address) { return }
    }
  }

  private func record(_ address: HTTPAddress) -> Bool {
    do throws(StrataError) { try endpoint.record(httpAddress: "\(address)") } catch {
      log.error("the address could not be written down", ["http": "\(address)", "error": error.description])
      return false
    }
    log.info("serving", ["http": "\(address)", "socket": endpoint.socket])
    return true
  }
}
