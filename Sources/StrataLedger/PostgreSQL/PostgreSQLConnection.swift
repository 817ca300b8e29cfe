internal import CPostgreSQL
import Glibc
import StrataCore

/// One connection. Used by one thread at a time.
///
/// It leads to a server that takes changes: of several hosts that are named to the first such one, and of a standby there is
/// no connection. Every error of kind `.disconnected` or `.readOnly` leaves it unusable: close it and make another.
@safe final class PostgreSQLConnection {
  let handle: OpaquePointer
  /// How long the server may take to answer; nil for as long as it takes.
  var silenceMax: Duration?
  /// Ends every wait once it rings.
  private let alarm: Alarm?
  private var prepared: Set<String> = []

  /// Connects, blocking the calling thread for at most the configuration's `connectTimeout` (rounded up to a second,
  /// libpq's unit) for each host that is named.
  ///
  /// - Parameters:
  ///   - hasTimeout: false for a connection that may wait on a lock for as long as it takes.
  ///   - alarm: ends every wait on the server, by an error of kind `.closed`.
  init(
    _ configuration: PostgreSQLConfiguration, hasTimeout: Bool = true, alarm: Alarm? = nil
  ) throws(PostgreSQLError) {
    silenceMax = hasTimeout ? configuration.statementTimeout + configuration.silenceAllowance : nil
    self.alarm = alarm
    guard let handle = unsafe PQconnectdb(Self.keywords(configuration)) else {
      throw PostgreSQLError(.unavailable, message: "out of memory")
    }
    unsafe self.handle = unsafe handle
    guard unsafe PQstatus(handle) == CONNECTION_OK else { throw connectionError(.unavailable) }
    try requireWritable()
    unsafe PQsetNoticeProcessor(handle, { _, _ in }, nil)
    guard unsafe PQsetnonblocking(handle, 1) == 0 else { throw connectionError(.unavailable) }
    try script(Self.settings(timeout: hasTimeout ? configuration.statementTimeout : .zero))
  }

  deinit { unsafe PQfinish(handle) }

  /// Whether libpq understands a connection string, its ports included. Nothing is connected to.
  static func canRead(_ connectionString: String) -> Bool {
    guard let options = unsafe PQconninfoParse(connectionString, nil) else { return false }
    defer { unsafe PQconninfoFree(options) }
    var option = unsafe options
    while let keyword = unsafe option.pointee.keyword {
      if unsafe strcmp(keyword, "port") == 0, let ports = unsafe option.pointee.val,
        unsafe !arePorts(String(cString: ports))
      {
        return false
      }
      unsafe option += 1
    }
    return true
  }

  /// One for each host; an empty one is the usual one. libpq looks at them only when it connects.
  private static func arePorts(_ list: String) -> Bool {
    list.split(separator: ",", omittingEmptySubsequences: false)
      .allSatisfy { $0.isEmpty || UInt16($0).map { $0 > 0 } ?? false }
  }

  /// libpq reads a URI as it is, so what we add goes in its query part.
  private static func keywords(_ configuration: PostgreSQLConfiguration) -> String {
    let seconds = max(2, (configuration.connectTimeout.milliseconds + 999) / 1_000)
    // A server that vanished without a word is noticed in about twenty seconds. Unix sockets have no use for it.
    let network = [
      ("keepalives_idle", 10), ("keepalives_interval", 3), ("keepalives_count", 3), ("tcp_user_timeout", 20_000),
    ]
    // Of several hosts libpq takes the first that is no standby.
    let words =
      ["target_session_attrs=read-write"]
      + ([("connect_timeout", Int(seconds))] + network).map { "\($0.0)=\($0.1)" }
    let given = configuration.connectionString
    // What is given comes last in a list of keywords, and so counts; in a URI what is in it already stays alone.
    guard given.contains("://") else {
      return "application_name=strata \(words.joined(separator: " ")) \(given)"
    }
    let added = words.filter { word in !given.contains(word.prefix { $0 != "=" }) }
    return added.isEmpty ? given : given + (given.contains("?") ? "&" : "?") + added.joined(separator: "&")
  }

  /// Every query here is meant to go by an index. On a young database the planner believes tables to be tiny, would
  /// scan them, and keeps that plan while they grow; so scans are priced out, and with them the compiler that such a
  /// price would wake. A client that vanished without a word is noticed in about twenty seconds.
  private static func settings(timeout: Duration) -> String {
    """
    SET client_min_messages = error; SET jit = off; SET enable_seqscan = off;
    SET max_parallel_workers_per_gather = 0; SET TimeZone = 'UTC';
    SET client_connection_check_interval = '2s'; SET statement_timeout = \(timeout.milliseconds);
    SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 3; SET tcp_keepalives_count = 3;
    SET tcp_user_timeout = '20s';
    """
  }

  // MARK: Running

  /// Runs commands in one round trip, in order. The first error ends the run; those after it are not carried out.
  /// Outside a transaction block they are one transaction.
  func run(_ commands: [PostgreSQLCommand]) throws(PostgreSQLError) -> [PostgreSQLRows] {
    try requireWritable()
    guard unsafe PQenterPipelineMode(handle) == 1 else { throw connectionError(.disconnected) }
    defer { unsafe PQexitPipelineMode(handle) }
    let isPreparation = try send(commands)
    try flush()
    return try receive(isPreparation)
  }

  /// Makes sure that the server takes changes, as far as it has told: it tells with its answers, whenever that changes. One
  /// that was fenced off by `default_transaction_read_only`, because another is the primary now, would otherwise go on being
  /// read, and have a leader of its own.
  ///
  /// - Throws: `.readOnly`.
  func requireWritable() throws(PostgreSQLError) {
    for setting in ["in_hot_standby", "default_transaction_read_only"] {
      guard let value = unsafe PQparameterStatus(handle, setting), unsafe String(cString: value) == "on" else {
        continue
      }
      throw PostgreSQLError(
        .readOnly, state: PostgreSQLError.readOnlyState, message: "the server takes no changes: its \(setting) is on")
    }
  }

  /// Runs statements separated by semicolons, without values: the schema's scripts, however long the server is silent.
  func script(_ text: String) throws(PostgreSQLError) {
    let patience = silenceMax
    silenceMax = nil
    defer { silenceMax = patience }
    guard unsafe PQsendQuery(handle, text) == 1 else { throw connectionError(.disconnected) }
    try flush()
    var failure: PostgreSQLError?
    while let result = try unsafe nextResult() {
      if failure == nil { failure = unsafe Self.failure(of: result) }
      unsafe PQclear(result)
    }
    if let failure { throw failure }
  }

  // MARK: Sending

  /// Queues commands, each preceded by its preparation where this connection has not seen it.
  ///
  /// - Returns: for each result to come, whether it answers a preparation.
  private func send(_ commands: [PostgreSQLCommand]) throws(PostgreSQLError) -> [Bool] {
    var isPreparation: [Bool] = []
    for command in commands {
      let statement = command.statement
      if statement.planning == .once, prepared.insert(statement.name).inserted {
        guard unsafe PQsendPrepare(handle, statement.name, statement.text, 0, nil) == 1 else {
          throw connectionError(.disconnected)
        }
        isPreparation.append(true)
      }
      guard sendQuery(command) else { throw connectionError(.disconnected) }
      isPreparation.append(false)
    }
    guard unsafe PQpipelineSync(handle) == 1 else { throw connectionError(.disconnected) }
    return isPreparation
  }

  private func sendQuery(_ command: PostgreSQLCommand) -> Bool {
    let (values, statement) = (command.parameters, command.statement)
    // One buffer for all values, so that their addresses hold while libpq copies them.
    let storage = values.flatMap { $0.bytes ?? [] }
    var lengths: [Int32] = values.map { Int32($0.bytes?.count ?? 0) }
    var formats = [Int32](repeating: 1, count: values.count)
    return unsafe storage.withUnsafeBytes { buffer in
      // An empty value still needs an address: nil would mean NULL.
      let base = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self) ?? UnsafePointer(bitPattern: 1)
      var offset = 0
      var addresses: [UnsafePointer<CChar>?] = unsafe values.map { value in
        guard let bytes = value.bytes else { return nil }
        defer { offset += bytes.count }
        return unsafe base.map { unsafe $0 + offset }
      }
      let count = Int32(values.count)
      return switch statement.planning {
      case .once:
        unsafe PQsendQueryPrepared(handle, statement.name, count, &addresses, &lengths, &formats, 1) == 1
      case .eachTime:
        unsafe PQsendQueryParams(handle, statement.text, count, nil, &addresses, &lengths, &formats, 1) == 1
      }
    }
  }

  /// Sends what is queued while taking in what arrives: two sides that both only write would wait for ever.
  private func flush() throws(PostgreSQLError) {
    while true {
      let left = unsafe PQflush(handle)
      if left == 0 { return }
      guard left == 1 else { throw connectionError(.disconnected) }
      try wait(for: POLLIN | POLLOUT)
      guard unsafe PQconsumeInput(handle) == 1 else { throw connectionError(.disconnected) }
    }
  }

  // MARK: Receiving

  private func receive(_ isPreparation: [Bool]) throws(PostgreSQLError) -> [PostgreSQLRows] {
    var rows: [PostgreSQLRows] = []
    var failure: PostgreSQLError?
    for isPreparation in isPreparation {
      guard let result = try unsafe nextResult() else { throw connectionError(.disconnected) }
      let answer = unsafe PostgreSQLRows(result)
      if failure == nil { failure = unsafe Self.failure(of: result) }
      if !isPreparation { rows.append(answer) }
      // Each command's results end with a nil.
      while let extra = try unsafe nextResult() { unsafe PQclear(extra) }
    }
    // The synchronisation point has a result and no nil after it.
    if let end = try unsafe nextResult() { unsafe PQclear(end) }
    if let failure {
      // What of the run was prepared is unclear now; preparing under a new connection is the plain way out.
      prepared.removeAll()
      try forgetPrepared()
      throw failure
    }
    return rows
  }

  private func forgetPrepared() throws(PostgreSQLError) {
    unsafe PQexitPipelineMode(handle)
    try script("ROLLBACK; DEALLOCATE ALL")
  }

  /// The next result, waiting for it without ever blocking in libpq.
  private func nextResult() throws(PostgreSQLError) -> OpaquePointer? {
    while unsafe PQisBusy(handle) == 1 {
      try wait(for: POLLIN)
      guard unsafe PQconsumeInput(handle) == 1 else { throw connectionError(.disconnected) }
    }
    return unsafe PQgetResult(handle)
  }

  private func wait(for events: Int32) throws(PostgreSQLError) {
    guard try isReady(for: events, within: silenceMax) else {
      throw PostgreSQLError(.disconnected, message: "the server is silent")
    }
  }

  /// Waits while nothing is asked of the server.
  ///
  /// - Throws: `.disconnected` as soon as the server goes away.
  func idle(for duration: Duration) throws(PostgreSQLError) {
    guard try isReady(for: POLLIN, within: duration) else { return }
    guard unsafe PQconsumeInput(handle) == 1 else { throw connectionError(.disconnected) }
  }

  /// Whether the socket became ready in time.
  private func isReady(for events: Int32, within duration: Duration?) throws(PostgreSQLError) -> Bool {
    let socket = pollfd(fd: unsafe PQsocket(handle), events: Int16(events), revents: 0)
    // poll(2) passes over a negative descriptor.
    var descriptors = [socket, pollfd(fd: alarm?.descriptor ?? -1, events: Int16(POLLIN), revents: 0)]
    let timeout = duration.map { Int32(clamping: $0.milliseconds) } ?? -1
    let ready = unsafe poll(&descriptors, 2, timeout)
    if descriptors[1].revents != 0 { throw PostgreSQLError(.closed, message: "asked to end") }
    return ready != 0
  }

  private static func failure(of result: OpaquePointer) -> PostgreSQLError? {
    let status = unsafe PQresultStatus(result)
    guard status != PGRES_COMMAND_OK, status != PGRES_TUPLES_OK, status != PGRES_EMPTY_QUERY else { return nil }
    let state = unsafe PQresultErrorField(result, 67).map { unsafe String(cString: $0) }  // 67: PG_DIAG_SQLSTATE, 'C'
    let message = unsafe String(cString: PQresultErrorMessage(result)).split(separator: "\n").joined(separator: "; ")
    guard let state else { return PostgreSQLError(.disconnected, message: message) }
    return PostgreSQLError(state: state, message: message)
  }

  private func connectionError(_ kind: PostgreSQLError.Kind) -> PostgreSQLError {
    let message = unsafe String(cString: PQerrorMessage(handle)).split(separator: "\n").joined(separator: "; ")
    return PostgreSQLError(kind, message: message.isEmpty ? "the connection is closed" : message)
  }
}
