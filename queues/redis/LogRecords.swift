internal import StrataCore

/// How an attempt ended, as the scripts number it (`scripts/shared/ending.lua`).
private struct EndingCode {
  /// And the class of the preemptor.
  private static let preempted: UInt8 = 16

  let ending: AttemptEnding
  /// Of one that was preempted.
  let preemptor: PriorityClass?

  init?(_ code: UInt8) {
    let all: [AttemptEnding] = [.succeeded, .failed, .cancelled, .released, .expired]
    if code < all.count {
      (ending, preemptor) = (all[Int(code)], nil)
    } else {
      guard code >= Self.preempted, let known = PriorityClass(rawValue: Int(code - Self.preempted)) else { return nil }
      (ending, preemptor) = (.preempted, known)
    }
  }
}

/// What is told of one job in a run of an entry.
private struct RunItem {
  let job: JobID
  let report: ArraySlice<UInt8>
}

extension ByteReader {
  /// How many items a run has, and these: the jobs, and where they report, the lengths of the reports, and the reports.
  fileprivate mutating func run(reporting: Bool) -> [RunItem]? {
    guard let count = number(UInt16.self), count > 0 else { return nil }
    var (jobs, lengths): ([JobID], [Int]) = ([], [])
    for _ in 0..<count {
      guard let job = identifier(JobID.self) else { return nil }
      jobs.append(job)
    }
    guard reporting else { return jobs.map { RunItem(job: $0, report: []) } }
    for _ in 0..<count {
      guard let length = number(UInt32.self) else { return nil }
      lengths.append(Int(length))
    }
    var items: [RunItem] = []
    for (job, length) in zip(jobs, lengths) {
      guard let report = bytes(length) else { return nil }
      items.append(RunItem(job: job, report: report))
    }
    return items
  }
}

extension OutcomePosition {
  /// Where what stands `places` behind this in its entry does; nil where there is no such place.
  fileprivate func behind(_ places: Int) -> OutcomePosition? {
    let (sequence, isTooLarge) = sequence.addingReportingOverflow(UInt64(places))
    return isTooLarge ? nil : OutcomePosition(milliseconds: milliseconds, sequence: sequence)
  }
}

extension QueuedOutcome {
  /// Reads the outcomes of one entry of their log: runs of those that have all but job and report in common.
  static func unpack(at first: OutcomePosition, _ bytes: [UInt8]) -> [QueuedOutcome]? {
    var reader = ByteReader(bytes)
    var outcomes: [QueuedOutcome] = []
    repeat {
      guard let head = OutcomeHead(&reader), let run = reader.run(reporting: true) else { return nil }
      for item in run {
        guard let position = first.behind(outcomes.count) else { return nil }
        outcomes.append(QueuedOutcome(position, head, item))
      }
    } while !reader.isEmpty
    return outcomes
  }

  private init(_ position: OutcomePosition, _ head: OutcomeHead, _ item: RunItem) {
    let hasRun = head.attempt > 0
    self.init(
      position: position, job: item.job, token: head.token, attempt: head.attempt, ending: head.end.ending,
      preemptor: head.end.preemptor, isFinal: head.isFinal, worker: hasRun ? head.worker : nil, tier: head.tier,
      startedAt: hasRun ? head.startedAt : nil, endedAt: head.endedAt, report: Array(item.report))
  }
}

/// What `outcome_head` of `scripts/shared/ending.lua` packs.
private struct OutcomeHead {
  let end: EndingCode
  let isFinal: Bool
  let attempt: Int
  let token: FencingToken
  let startedAt: Timestamp
  let worker: WorkerID
  let endedAt: Timestamp
  let tier: TierName?

  init?(_ reader: inout ByteReader) {
    guard let end = reader.number(UInt8.self).flatMap(EndingCode.init), let isFinal = reader.number(UInt8.self),
      isFinal <= 1, let attempt = reader.number(UInt16.self), let token = reader.token(),
      let startedAt = reader.timestamp(), let worker = reader.identifier(WorkerID.self),
      let endedAt = reader.timestamp(), let length = reader.number(UInt8.self), let tier = reader.text(Int(length))
    else { return nil }
    (self.end, self.isFinal, self.attempt) = (end, isFinal == 1, Int(attempt))
    (self.token, self.startedAt, self.worker, self.endedAt) = (token, startedAt, worker, endedAt)
    self.tier = TierName(rawValue: tier)
  }
}

extension QueueEvent {
  /// Reads the events of one entry of the event log, as the scripts pack them.
  static func unpack(at first: OutcomePosition, _ bytes: [UInt8]) -> [QueueEvent]? {
    var reader = ByteReader(bytes)
    var events: [QueueEvent] = []
    while !reader.isEmpty {
      guard let kind = Kind(&reader), let run = reader.run(reporting: false) else { return nil }
      for item in run {
        guard let position = first.behind(events.count) else { return nil }
        events.append(QueueEvent(position: position, job: item.job, kind: kind))
      }
    }
    return events
  }
}

extension QueueEvent.Kind {
  fileprivate init?(_ reader: inout ByteReader) {
    switch reader.number(UInt8.self) {
    case UInt8(ascii: "S"):
      guard let attempt = reader.number(UInt16.self), let worker = reader.identifier(WorkerID.self) else { return nil }
      self = .started(attempt: Int(attempt), worker: worker)
    case UInt8(ascii: "P"):
      guard let fraction = reader.number(UInt64.self), let length = reader.number(UInt8.self),
        let stage = reader.text(Int(length))
      else { return nil }
      let note = ProgressNote(fraction: fraction, stage: stage)
      self = .progress(fraction: note.fraction, stage: note.stage)
    case UInt8(ascii: "R"):
      guard let end = reader.number(UInt8.self).flatMap(EndingCode.init) else { return nil }
      self = end.preemptor.map { .preempted(for: $0) } ?? .requeued(end.ending)
    case UInt8(ascii: "F"):
      guard let state = reader.number(UInt8.self).flatMap(JobState.init(finalCode:)) else { return nil }
      self = .finished(state)
    default: return nil
    }
  }
}

extension JobState {
  private static let finalCodes: [(state: JobState, code: UInt8)] = [
    (.succeeded, UInt8(ascii: "s")), (.failed, UInt8(ascii: "f")), (.cancelled, UInt8(ascii: "c")),
  ]

  /// The byte that `scripts/announce.lua` takes for a final state; nil for another.
  var finalCode: UInt8? { Self.finalCodes.first { $0.state == self }?.code }

  init?(finalCode: UInt8) {
    guard let known = Self.finalCodes.first(where: { $0.code == finalCode }) else { return nil }
    self = known.state
  }
}
