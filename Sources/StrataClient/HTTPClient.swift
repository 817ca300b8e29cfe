import StrataCore
import StrataRuntime
import Synchronization

/// Speaks HTTP to one server, over TCP or a unix socket, by libcurl.
///
/// Each call runs on a thread of its own while it lasts; connections are kept and used again. Cancelling the calling
/// task ends the transfer within about a second.
public final class HTTPClient: Sendable {
  public struct Limits: Sendable {
    /// Until a connection stands. 5 s.
    public var connect = Duration.seconds(5)
    /// Bytes of an answer kept in memory: larger ones go to a file or a callback. 64 MiB.
    public var answerBytes = 64 << 20
    /// Connections kept between calls. 8.
    public var keptConnections = 8
    public init() {}
  }

  /// Takes a part of an answer, on the transfer's thread. Returns false to end the transfer.
  public typealias PartHandler = @Sendable ([UInt8]) -> Bool
  /// Called now and then on the transfer's thread.
  public typealias ProgressHandler = @Sendable (ClientProgress) -> Void

  public let endpoint: ClientEndpoint
  let bearerKey: String?
  let limits: Limits
  private let idle = Mutex<[CurlHandle]>([])

  /// - Parameter bearerKey: sent as `Authorization: Bearer …` with every request.
  public init(_ endpoint: ClientEndpoint, bearerKey: String? = nil, limits: Limits = Limits()) {
    self.endpoint = endpoint
    self.bearerKey = bearerKey
    self.limits = limits
  }

  /// Sends `request` and returns the whole answer.
  public func send(
    _ request: ClientRequest, progress: ProgressHandler? = nil
  ) async throws(ClientError) -> ClientResponse {
    try await run(CurlTransfer(request, .memory(limit: limits.answerBytes), progress))
  }

  /// Sends `request` and hands the answer's body to `onPart` as it comes, such as an event stream. An error status
  /// throws instead. An end that `onPart` asks for is not an error.
  public func stream(
    _ request: ClientRequest, onPart: @escaping PartHandler
  ) async throws(ClientError) -> ClientResponse {
    try await run(CurlTransfer(request, .parts(onPart), nil))
  }

  /// Sends `request` and calls `onEvent` for each event of the stream that answers it, until that ends or `onEvent`
  /// returns false.
  public func events(
    _ request: ClientRequest, onEvent: @escaping @Sendable (ServerSentEvent) -> Bool
  ) async throws(ClientError) {
    let parser = Mutex(ServerSentEventParser())
    var request = request
    request.headers.append((name: "accept", value: "text/event-stream"))
    _ = try await stream(request) { bytes in
      let events = parser.withLock { $0.receive(bytes) }
      return events.allSatisfy(onEvent)
    }
  }

  /// Sends `request` and writes the answer's body to the file at `path`, which is replaced when the answer is complete
  /// and untouched otherwise.
  public func download(
    _ request: ClientRequest, to path: String, progress: ProgressHandler? = nil
  ) async throws(ClientError) -> ClientResponse {
    let file = try DownloadFile(path)
    let response = try await run(CurlTransfer(request, .parts(file.write), progress), alsoFailing: file.takeError)
    try file.keep()
    return response
  }

  private func run(
    _ transfer: CurlTransfer, alsoFailing localError: @Sendable () -> ClientError? = { nil }
  ) async throws(ClientError) -> ClientResponse {
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { (done: CheckedContinuation<Result<ClientResponse, ClientError>, Never>) in
        start(transfer, done)
      }
    } onCancel: {
      transfer.cancel()
    }
    if let error = localError() { throw error }
    return try result.get()
  }

  private func start(
    _ transfer: CurlTransfer, _ done: CheckedContinuation<Result<ClientResponse, ClientError>, Never>
  ) {
    do {
      try Thread.start(name: "http-client") {
        let handle = self.takeHandle()
        let result = Result { () throws(ClientError) in try transfer.perform(on: handle, for: self) }
        self.keep(handle)
        done.resume(returning: result)
      }
    } catch {
      done.resume(returning: .failure(.local(error)))
    }
  }

  private func takeHandle() -> CurlHandle { idle.withLock { $0.popLast() } ?? CurlHandle() }

  private func keep(_ handle: CurlHandle) {
    idle.withLock { idle in
      if idle.count < limits.keptConnections { idle.append(handle) }
    }
  }
}
