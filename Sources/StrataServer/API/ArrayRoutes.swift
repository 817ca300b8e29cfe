import StrataAPI
import StrataControl
import StrataCore
import StrataLedger

/// `/v1/arrays`: what `POST /v1/jobs` with an `array` has made.
struct ArrayRoutes {
  let control: ControlPlane
  /// A comment is sent this often, so that neither side takes the connection of events for dead.
  let heartbeat: Duration
  /// Arrays, or tasks, on a page of a listing.
  static let pageMax = 200
  /// Bytes of the body of a retry, which says nothing.
  static let retryBodyBytesMax = 4 << 10

  func answer(
    _ route: ArrayRoute, _ request: HTTPRequest, tenant: TenantID, key: String?
  ) async throws -> HTTPResponse {
    switch route {
    case .list: try await list(request, tenant)
    case .get(let id): try .json(ArrayView(try await control.array(id, tenant: tenant)))
    case .cancel(let id): try await cancel(try Self.indexes(request.query), of: id, tenant)
    case .explain(let id): try .json(ArrayExplanationView(try await control.explain(id, tenant: tenant)))
    case .events(let id): try await follow(id, tenant)
    case .retry(let id): try await retry(id, request, tenant, key)
    case .tasks(let id): try await tasks(of: id, request, tenant)
    case .task(let id, let index):
      try .json(ArrayTaskView(try await control.task(index, of: id, tenant: tenant)))
    case .cancelTask(let id, let index): try await cancel(try TaskIndexes(ascending: [index]), of: id, tenant)
    case .explainTask(let id, let index): try await explain(index, of: id, tenant)
    }
  }

  /// Newest first; `?cursor=`, `?limit=`; or `?id=`, the end or the beginning of an identifier.
  private func list(_ request: HTTPRequest, _ tenant: TenantID) async throws -> HTTPResponse {
    if let text = request.query["id"] { return try await candidates(text, request.query, tenant) }
    let limit = try request.query.limit(usual: 50, max: Self.pageMax)
    let cursor = try request.query["cursor"].map { text throws(HTTPRefusal) in
      guard let id = ArrayID(text) else { throw Self.invalidCursor }
      return id
    }
    let page = try await control.arrays(tenant: tenant, after: cursor, limit: limit)
    return try .json(
      Page(items: page.arrays.map { ArrayView($0, isListed: true) }, nextCursor: page.next?.description))
  }

  private func candidates(_ text: String, _ query: HTTPQuery, _ tenant: TenantID) async throws -> HTTPResponse {
    guard query.items.count == 1, let part = IdentifierPart<ArrayTag>(text) else {
      throw HTTPRefusal(
        .badRequest, "invalid_id",
        "'id' takes the last 6 characters of an array's identifier or more, or its first 8 or more, and no other item")
    }
    let arrays = try await control.arrays(tenant: tenant, like: part, limit: JobRoutes.candidatesMax)
    return try .json(Page(items: arrays.map { ArrayView($0, isListed: true) }, nextCursor: nil))
  }

  /// By their indexes; `?state=`, `?cursor=`, `?limit=`.
  private func tasks(of id: ArrayID, _ request: HTTPRequest, _ tenant: TenantID) async throws -> HTTPResponse {
    let limit = try request.query.limit(usual: 50, max: Self.pageMax)
    let state = request.query["state"]
    if let state, !ArrayTaskState.all.contains(state) {
      let known = ArrayTaskState.all.joined(separator: ", ")
      throw HTTPRefusal(.badRequest, "invalid_state", "there is no state '\(state)'; the states are \(known)")
    }
    let position = request.query["cursor"].map { Int($0) ?? -1 } ?? 0
    guard (0...TaskIndexes.tasksMax).contains(position) else { throw Self.invalidCursor }
    let page = try await control.tasks(of: id, tenant: tenant, state: state, from: position, limit: limit)
    return try .json(
      Page(items: page.tasks.map { ArrayTaskView($0, isListed: true) }, nextCursor: page.next.map { "\($0)" }))
  }

  private static let invalidCursor = HTTPRefusal(
    .badRequest, "invalid_cursor", "'cursor' takes the 'next_cursor' of the page before")

  private static func indexes(_ query: HTTPQuery) throws(HTTPRefusal) -> TaskIndexes? {
    guard let text = query["tasks"] else { return nil }
    do throws(StrataError) { return try TaskIndexes(text: text) } catch {
      throw HTTPRefusal(.badRequest, "invalid_tasks", error.description)
    }
  }

  /// 202 with the array: what was not made never will be, the rest is taken out of the queue or stopped.
  private func cancel(_ indexes: TaskIndexes?, of id: ArrayID, _ tenant: TenantID) async throws -> HTTPResponse {
    try .json(ArrayView(try await control.cancel(indexes, of: id, tenant: tenant)), status: .accepted)
  }

  /// 202 with a new array of the tasks that failed.
  private func retry(
    _ id: ArrayID, _ request: HTTPRequest, _ tenant: TenantID, _ key: String?
  ) async throws -> HTTPResponse {
    let body = try await request.body.collect(limit: Self.retryBodyBytesMax)
    let asked =
      body.isEmpty
      ? ArrayRetryRequest()
      : try JSONCoding.decode(ArrayRetryRequest.self, from: body, members: ArrayRetryRequest.members)
    let accepted = try await control.retryArray(id, tenant: tenant, unitsMax: asked.unitsMax, idempotencyKey: key)
    var response = try HTTPResponse.json(JobAccepted(accepted), status: .accepted)
    response.headers.append("location", "/v1/arrays/\(accepted.id)")
    return response
  }

  /// A task that is made is explained as the job that it is.
  private func explain(_ index: Int, of id: ArrayID, _ tenant: TenantID) async throws -> HTTPResponse {
    let task = try await control.task(index, of: id, tenant: tenant)
    if case .made = task.standing {
      return try .json(ExplanationView(try await control.explain(task.job, tenant: tenant)))
    }
    return try .json(ArrayExplanationView(try await control.explain(id, task: index, tenant: tenant)))
  }

  /// The array as it stands, again whenever nothing else was to be told for a while, and as it is when all its tasks have
  /// ended; then the stream ends.
  private func follow(_ id: ArrayID, _ tenant: TenantID) async throws -> HTTPResponse {
    // Watch first and look second: what happens in between is seen twice rather than never.
    let notices = await control.events.watch(id.asJob, after: nil, silenceEvery: heartbeat)
    let array = try await control.array(id, tenant: tenant)
    return .events { writer in
      try await writer.write(await text(of: array))
      if array.stored.finishedAt != nil { return }
      for await _ in notices {
        // Its only event is its end; that may have got lost with its queue, and the ledger knows it too.
        guard let now = try? await control.array(id, tenant: tenant) else {
          try await writer.write(HTTPServerSentEvent.heartbeat)
          continue
        }
        try await writer.write(await text(of: now))
        if now.stored.finishedAt != nil { return }
      }
    }
  }

  private func text(of array: ArraySnapshot) async throws -> [UInt8] {
    let head = "id: \(await control.events.latest)\nevent: \(array.state)\ndata: "
    var view = ArrayView(array)
    // It never changes, and may be long.
    view.job = nil
    return Array(head.utf8) + (try JSONCoding.encode(view)) + [0x0A, 0x0A]
  }
}

// MARK: Views

extension ArrayView {
  /// - Parameter isListed: whether what may be long is left out.
  init(_ array: ArraySnapshot, isListed: Bool = false) {
    let stored = array.stored
    let draft = try? JobDraft(stored)
    self.init(
      id: stored.id, state: array.state, capability: draft?.capability, priority: draft?.priority.rawValue,
      tasks: stored.indexes.count,
      indexes: isListed || !stored.indexes.isCompact ? nil : stored.indexes.description, maxRunning: stored.runningMax,
      pending: stored.pending,
      waiting: isListed ? stored.unfinished : array.running.map { max(0, stored.unfinished - $0) },
      running: array.running, succeeded: stored.succeeded, failed: stored.failed,
      cancelled: stored.cancelled + stored.dropped.count, failedIndexes: array.failedIndexes?.description,
      held: array.obstacle.map { Obstacle(code: $0.code, detail: $0.message) }, createdAt: stored.createdAt.text,
      runAt: stored.runAt?.text, finishedAt: stored.finishedAt?.text, chargeMaxMicrocredits: stored.holdEach.micros,
      chargedMicrocredits: stored.charged.micros, heldMicrocredits: stored.held.micros, retryOf: stored.retryOf,
      retriedBy: stored.retriedBy, job: isListed ? nil : draft.map { JobRequest($0) }, name: draft?.metadata.name)
  }
}

extension ArrayTaskView {
  /// - Parameter isListed: whether what may be long is left out.
  init(_ task: ArrayTaskSnapshot, isListed: Bool = false) {
    let job: JobView? =
      if case .made(let snapshot) = task.standing { JobView(snapshot, isListed: isListed) } else { nil }
    self.init(index: task.index, id: task.job, state: task.state, job: job)
  }
}

extension ArrayExplanationView {
  init(_ explanation: ArrayExplanation) {
    self.init(
      array: explanation.array, state: explanation.state,
      reasons: explanation.reasons.map(ExplanationView.Reason.init))
  }
}
