import CCurl
import StrataCore
import StrataRuntime
import Synchronization

/// One request and what comes back. Used by the transfer's thread, except `cancel`.
final class CurlTransfer: @unchecked Sendable {
  /// Where the body of a successful answer goes.
  enum Sink {
    case memory(limit: Int)
    case parts(HTTPClient.PartHandler)
  }

  private let request: ClientRequest
  private let sink: Sink
  private let progress: HTTPClient.ProgressHandler?
  private let isCancelled = Atomic(false)
  private var source: UploadSource?
  private var headers: [(name: String, value: String)] = []
  private var body: [UInt8] = []
  private var status = 0
  private var isEndedBySink = false
  private var isTooLarge = false

  init(_ request: ClientRequest, _ sink: Sink, _ progress: HTTPClient.ProgressHandler?) {
    self.request = request
    self.sink = sink
    self.progress = progress
  }

  func cancel() { isCancelled.store(true, ordering: .relaxed) }

  /// Blocks until the answer is complete.
  func perform(on handle: CurlHandle, for client: HTTPClient) throws(ClientError) -> ClientResponse {
    source = try UploadSource(request.body)
    handle.reset()
    let list = unsafe setOptions(handle, client)
    defer { unsafe curl_slist_free_all(list) }
    let code = unsafe curl_easy_perform(handle.pointer)
    status = unsafe strata_curl_status(handle.pointer)
    // The callbacks' context ends here.
    handle.reset()
    if let error = error(code, client.endpoint) { throw error }
    if status >= 400 { throw .refused(ProblemDetails(status: status, headers: headers, body: body)) }
    return ClientResponse(status: status, headers: headers, body: body)
  }

  private func error(_ code: CURLcode, _ endpoint: ClientEndpoint) -> ClientError? {
    if isCancelled.load(ordering: .relaxed) { return .cancelled }
    if isEndedBySink || code == CURLE_OK { return nil }
    // A refusal counts, even if the server closed before it had all of the request.
    if status >= 400 && !body.isEmpty { return nil }
    let reason = unsafe String(cString: curl_easy_strerror(code))
    return switch code {
    case CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
      .cannotConnect(endpoint, reason: reason)
    case CURLE_OPERATION_TIMEDOUT: .timedOut(endpoint)
    case CURLE_WRITE_ERROR where isTooLarge:
      .local(StrataError(.limitExceeded, "the server's answer is too large to be kept in memory"))
    default: .broken(endpoint, reason: reason)
    }
  }

  // MARK: Options

  private func setOptions(_ handle: CurlHandle, _ client: HTTPClient) -> UnsafeMutablePointer<curl_slist>? {
    handle.set(CURLOPT_URL, client.endpoint.url(for: request.target))
    if case .unix(let path) = client.endpoint {
      handle.set(CURLOPT_UNIX_SOCKET_PATH, path)
      handle.set(CURLOPT_NOPROXY, "*")
    }
    handle.set(CURLOPT_PROTOCOLS_STR, "http,https")
    handle.set(CURLOPT_PATH_AS_IS, 1)
    handle.set(CURLOPT_NOSIGNAL, 1)
    handle.set(CURLOPT_CONNECTTIMEOUT_MS, client.limits.connect)
    if let timeout = request.timeout { handle.set(CURLOPT_TIMEOUT_MS, timeout) }
    setMethod(handle)
    let context = unsafe Unmanaged.passUnretained(self).toOpaque()
    unsafe strata_curl_set_callbacks(handle.pointer, context, Callbacks.header, Callbacks.receive, Callbacks.progress)
    let list = unsafe headerList(client)
    unsafe strata_curl_set_headers(handle.pointer, list)
    return unsafe list
  }

  private func setMethod(_ handle: CurlHandle) {
    if let source {
      let context = unsafe Unmanaged.passUnretained(self).toOpaque()
      unsafe strata_curl_set_upload(handle.pointer, context, Callbacks.send, Callbacks.seek)
      unsafe strata_curl_set_size(handle.pointer, CURLOPT_INFILESIZE_LARGE, curl_off_t(source.size))
    } else if request.method == "HEAD" {
      handle.set(CURLOPT_NOBODY, 1)
    } else if request.method != "GET" {
      // Says that there is no body, where a server would otherwise wait for one.
      handle.set(CURLOPT_POST, 1)
      handle.set(CURLOPT_POSTFIELDSIZE, 0)
    }
    if request.method != "GET" && request.method != "HEAD" { handle.set(CURLOPT_CUSTOMREQUEST, request.method) }
  }

  private func headerList(_ client: HTTPClient) -> UnsafeMutablePointer<curl_slist>? {
    var list: UnsafeMutablePointer<curl_slist>?
    func add(_ name: String, _ value: String) {
      let line = "\(name): \(value)".filter { !$0.isNewline && $0 != "\0" }
      if let longer = unsafe curl_slist_append(list, line) { unsafe list = longer }
    }
    if let key = client.bearerKey { add("authorization", "Bearer \(key)") }
    switch request.body {
    case .none: add("content-type", "")
    case .bytes(_, let type), .file(_, let type): add("content-type", type)
    }
    for (name, value) in request.headers { add(name, value) }
    return unsafe list
  }

  // MARK: Events, from the callbacks

  fileprivate func takeHeader(_ line: String) {
    if line.hasPrefix("HTTP/") {
      // A new head: what came before was an interim answer.
      headers = []
      status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    } else if let colon = line.firstIndex(of: ":") {
      let value = line[line.index(after: colon)...]
      headers.append((line[..<colon].lowercased(), value.trimmed))
    }
  }

  /// False to end the transfer.
  fileprivate func take(_ bytes: [UInt8]) -> Bool {
    if case .parts(let handler) = sink, status < 400 {
      isEndedBySink = !handler(bytes)
      return !isEndedBySink
    }
    let limit = if case .memory(let limit) = sink { limit } else { 1 << 20 }
    isTooLarge = body.count + bytes.count > limit
    if !isTooLarge { body += bytes }
    return !isTooLarge
  }

  fileprivate func read(into buffer: UnsafeMutableRawBufferPointer) -> Int? { unsafe source?.read(into: buffer) }
  fileprivate func seek(to offset: Int) { source?.seek(to: offset) }

  /// False to end the transfer.
  fileprivate func report(_ progress: ClientProgress) -> Bool {
    self.progress?(progress)
    return !isCancelled.load(ordering: .relaxed)
  }
}

/// The functions that libcurl calls, each with the transfer as its context.
private enum Callbacks {
  private static func transfer(_ context: UnsafeMutableRawPointer?) -> CurlTransfer {
    guard let context = unsafe context else { preconditionFailure("libcurl gives back the context it was given") }
    return unsafe Unmanaged<CurlTransfer>.fromOpaque(context).takeUnretainedValue()
  }

  static let header: strata_curl_transfer = { bytes, size, count, context in
    let line = unsafe UnsafeRawBufferPointer(start: bytes, count: size * count)
    unsafe Callbacks.transfer(context).takeHeader(String(decoding: line, as: UTF8.self))
    return size * count
  }

  static let receive: strata_curl_transfer = { bytes, size, count, context in
    let part = unsafe Array(UnsafeRawBufferPointer(start: bytes, count: size * count))
    return unsafe Callbacks.transfer(context).take(part) ? size * count : 0
  }

  static let send: strata_curl_transfer = { bytes, size, count, context in
    let buffer = unsafe UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
    return unsafe Callbacks.transfer(context).read(into: buffer) ?? Int(CURL_READFUNC_ABORT)
  }

  static let seek: strata_curl_seek = { context, offset, origin in
    guard origin == 0 else { return CURL_SEEKFUNC_CANTSEEK }
    unsafe Callbacks.transfer(context).seek(to: Int(offset))
    return CURL_SEEKFUNC_OK
  }

  static let progress: strata_curl_progress = { context, toReceive, received, toSend, sent in
    let progress = ClientProgress(
      sent: Int(sent), toSend: Int(toSend), received: Int(received), toReceive: Int(toReceive))
    return unsafe Callbacks.transfer(context).report(progress) ? 0 : 1
  }
}

extension Substring {
  /// Without the white space around it.
  fileprivate var trimmed: String {
    guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace }) else {
      return ""
    }
    return String(self[first...last])
  }
}
