import FoundationEssentials
import StrataAPI
package import StrataClient
package import StrataCore
import StrataRuntime
import StrataStack

/// The API as the commands use it: the one that `STRATA_URL` names, or that of the data folder.
struct Server {
  /// How long a server that takes no jobs at the moment is asked again, unless something else is said.
  static let patienceDefault = Duration.seconds(60)

  private let client: HTTPClient

  /// - Throws: what to do, when there is neither an address nor a running stack.
  init(_ arguments: Arguments) throws {
    let environment = Environment.current
    if let url = Self.address(arguments) {
      guard let key = environment["STRATA_API_KEY"] else {
        throw StrataError(
          .unauthorized, "STRATA_URL names a server but STRATA_API_KEY no key", remedy: "set it to a key of yours")
      }
      client = HTTPClient(try ClientEndpoint(url), bearerKey: key)
      return
    }
    guard let directory = try DataFolder.find(arguments) else {
      throw StrataError(
        .unreachable, "nothing has been started in \(try DataFolder.path(arguments)) yet",
        remedy: "run strata up, or name a server with STRATA_URL and STRATA_API_KEY")
    }
    let key = try environment["STRATA_API_KEY"] ?? APIKeyFile(directory: directory).requireKey()
    client = HTTPClient(.unix(path: Endpoint(directory: directory).socket), bearerKey: key)
  }

  /// That of `STRATA_URL`, which counts unless a folder is named on the command line.
  static func address(_ arguments: Arguments) -> String? {
    guard !arguments.has("data-dir"), let url = Environment.current["STRATA_URL"], !url.isEmpty else { return nil }
    return url
  }

  func get<Value: Decodable>(_ path: String, query: [(name: String, value: String)] = []) async throws -> Value {
    try await send(request("GET", path, query: query)).decode()
  }

  func get<Value: Decodable>(_ path: [String], query: [(name: String, value: String)] = []) async throws -> Value {
    var request = ClientRequest("GET", path)
    request.query = query
    return try await send(request).decode()
  }

  /// Items on a page, which is what the server sends at most.
  private static let pageMax = 200

  /// A list, a page at a time, until there are as many items as are wanted.
  ///
  /// - Returns: where the next page begins; nil where there is none.
  func pages<Item: Codable & Sendable>(
    _ path: [String], query: [(name: String, value: String)], from cursor: String? = nil, limit: Int,
    each: (Page<Item>) throws -> Void
  ) async throws -> String? {
    var (cursor, left) = (cursor, limit)
    repeat {
      let next = cursor.map { [(name: "cursor", value: $0)] } ?? []
      let page: Page<Item> = try await get(
        path, query: [(name: "limit", value: "\(min(Self.pageMax, left))")] + query + next)
      try each(page)
      left -= page.items.count
      cursor = page.nextCursor
    } while cursor != nil && left > 0
    return cursor
  }

  /// As many items as are wanted, from as many pages as that takes.
  func all<Item: Codable & Sendable>(
    _ path: [String], query: [(name: String, value: String)] = [], limit: Int
  ) async throws -> [Item] {
    var all: [Item] = []
    _ = try await pages(path, query: query, limit: limit) { (page: Page<Item>) in all += page.items }
    return all
  }

  func delete<Value: Decodable>(_ path: [String], query: [(name: String, value: String)] = []) async throws -> Value {
    var request = ClientRequest("DELETE", path)
    request.query = query
    return try await send(request).decode()
  }

  /// Without a body.
  func post<Value: Decodable>(_ path: [String], idempotencyKey: String) async throws -> Value {
    var request = ClientRequest("POST", path)
    request.headers.append((name: "idempotency-key", value: idempotencyKey))
    return try await send(request).decode()
  }

  /// What a job has printed from `offset` on, and by which attempt where the server says.
  func log(of job: JobID, from offset: Int = 0) async throws -> (bytes: [UInt8], attempt: Int?) {
    let answer = try await send(request("GET", "/v1/jobs/\(job)/log", query: [("offset", "\(offset)")]))
    return (answer.body, answer.header("log-attempt").flatMap { Int($0) })
  }

  func delete<Value: Decodable>(_ path: String, query: [(name: String, value: String)] = []) async throws -> Value {
    try await send(request("DELETE", path, query: query)).decode()
  }

  /// - Parameter patience: how long a refusal that says when to come back is waited out; for what may be repeated.
  func post<Value: Decodable>(
    _ path: String, _ body: some Encodable, query: [(name: String, value: String)] = [], idempotencyKey: String? = nil,
    patience: Duration = .zero
  ) async throws -> Value {
    var request = request("POST", path, query: query)
    request.body = try .json(body)
    if let idempotencyKey { request.headers.append((name: "idempotency-key", value: idempotencyKey)) }
    let (sent, patience) = (request, RetryPatience(budget: patience, onPause: Self.tellOfPause))
    return try await Self.explaining { () async throws(ClientError) in
      try await client.send(sent, patience: patience)
    }.decode()
  }

  private static func tellOfPause(_ problem: ProblemDetails, _ pause: Duration) {
    Terminal.note("strata: \(problem.detail ?? problem.title). Trying again in \(Int(pause.seconds)) s …")
  }

  func patch<Value: Decodable>(_ path: [String], _ body: some Encodable) async throws -> Value {
    var request = ClientRequest("PATCH", path)
    request.body = try .json(body)
    return try await send(request).decode()
  }

  /// Uploads a file, streamed.
  func upload(_ path: String, named name: String, progress: @escaping HTTPClient.ProgressHandler) async throws
    -> ArtifactReference
  {
    var request = request("PUT", "/v1/artifacts")
    request.body = .file(path: path, contentType: "application/octet-stream")
    request.headers.append((name: "artifact-name", value: name))
    request.timeout = nil
    return try await Self.explaining { () async throws(ClientError) in
      try await client.send(request, progress: progress)
    }.decode()
  }

  /// Fetches an artifact into a file, streamed.
  func download(_ artifact: ArtifactReference, to path: String, progress: @escaping HTTPClient.ProgressHandler)
    async throws(StrataError)
  {
    var request = request("GET", "/v1/artifacts/\(artifact.digest)")
    request.timeout = nil
    _ = try await Self.explaining { () async throws(ClientError) in
      try await client.download(request, to: path, progress: progress)
    }
  }

  /// Hands over a job's events until the stream ends or `onEvent` returns false.
  func events(of job: JobID, onEvent: @escaping @Sendable (JobEvent) -> Bool) async throws {
    var request = request("GET", "/v1/jobs/\(job)/events")
    request.timeout = nil
    try await Self.explaining { () async throws(ClientError) in
      try await client.events(request) { event in
        guard let shown = try? JSONDecoder().decode(JobEvent.self, from: Data(event.data.utf8)) else { return true }
        return onEvent(shown)
      }
    }
  }

  /// Hands over an array as it stands, now and then, until the stream ends or `onEvent` returns false.
  func events(of array: ArrayID, onEvent: @escaping @Sendable (ArrayView) -> Bool) async throws {
    var request = request("GET", "/v1/arrays/\(array)/events")
    request.timeout = nil
    try await Self.explaining { () async throws(ClientError) in
      try await client.events(request) { event in
        guard let shown = try? JSONDecoder().decode(ArrayView.self, from: Data(event.data.utf8)) else { return true }
        return onEvent(shown)
      }
    }
  }

  private func request(_ method: String, _ path: String, query: [(name: String, value: String)] = []) -> ClientRequest {
    var request = ClientRequest(method, path.split(separator: "/").map(String.init))
    request.query = query
    return request
  }

  private func send(_ request: ClientRequest) async throws(StrataError) -> ClientResponse {
    try await Self.explaining { () async throws(ClientError) in try await client.send(request) }
  }

  private static func explaining<Value>(_ body: () async throws(ClientError) -> Value) async throws(StrataError)
    -> Value
  {
    do { return try await body() } catch { throw error.strataError }
  }
}

extension ClientError {
  /// The error as the command line tells it and turns it into an exit code.
  package var strataError: StrataError {
    switch self {
    case .cannotConnect(let endpoint, let reason):
      StrataError(
        .unreachable, "nobody answers at \(endpoint) (\(reason))",
        remedy: "start it with strata up, or check STRATA_URL")
    case .refused(let problem):
      StrataError(Self.code(of: problem), Self.words(of: problem))
    case .broken, .timedOut: StrataError(.unreachable, description, remedy: "try again; what was accepted is kept")
    case .cancelled: StrataError(.cancelled, description)
    case .local(let error): error
    }
  }
}

extension ClientError {
  /// Of a body that the command line's options made, in their names.
  private static func words(of problem: ProblemDetails) -> String {
    let words = problem.detail ?? problem.title
    return problem.code == "invalid_body" ? WireNames.inOptions(words) : words
  }

  /// A refusal's own code where the exit code of that is known, else one that stands for its HTTP status.
  private static func code(of problem: ProblemDetails) -> StrataError.Code {
    let code = problem.code.map(StrataError.Code.init(rawValue:))
    if let code, Failure.status(of: code) != .failedJob { return code }
    return switch problem.status {
    case 408: .timeout
    case 400, 404, 405, 413, 415, 422: .invalidInput
    case 401..<500: .conflict
    // It answered, and something of its own is broken: asking again soon does not help.
    case 500: .internalError
    default: .unavailable
    }
  }
}

/// The API key of a data folder's first tenant, readable by its owner alone.
struct APIKeyFile {
  let directory: DataDirectory
  private var path: String { directory.path + "/api-key" }

  /// Nil where there is none.
  var key: String? { TextFile.read(path).flatMap { $0.isEmpty ? nil : $0 } }

  /// - Throws: `unauthorized`, with why there is none.
  func requireKey() throws(StrataError) -> String {
    if let key { return key }
    if let obstacle = TextFile.obstacle(path) {
      throw StrataError(
        .unauthorized, "the key in \(path) may not be read (\(obstacle))",
        remedy: "run this as the user who started the stack, or set STRATA_API_KEY to a key of yours")
    }
    throw StrataError(
      .unauthorized, TextFile.read(path) == nil ? "there is no \(path)" : "there is no key in \(path)",
      remedy: "set STRATA_API_KEY to one, or have the next strata up make a new one")
  }

  func write(_ key: String) throws(StrataError) { try TextFile.write(key, to: path) }
}
