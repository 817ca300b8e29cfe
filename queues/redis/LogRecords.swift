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

extension QueuedOutcome {
  /// Reads the outcomes of one entry of their log, each after its own length.
  static func unpack(at first: OutcomePosition, _ bytes: [UInt8]) -> [QueuedOutcome]? {
    var reader = ByteReader(bytes)
    var outcomes: [QueuedOutcome] = []
    repeat {
      let (sequence, isTooLarge) = first.sequence.addingReportingOverflow(UInt64(outcomes.count))
      guard !isTooLarge, let length = reader.number(UInt32.self), let packed = reader.bytes(Int(length)),
        let outcome = QueuedOutcome(
          at: OutcomePosition(milliseconds: first.milliseconds, sequence: sequence), packed: Array(packed))
      else { return nil }
      outcomes.append(outcome)
    } while !reader.isEmpty
    return outcomes
  }

  /// Reads what `note_outcome` of `scripts/shared/ending.lua` packs.
  private init?(at position: OutcomePosition, packed bytes: [UInt8]) {
    var reader = ByteReader(bytes)
    guard let job = reader.identifier(JobID.self), let code = reader.number(UInt8.self),
      let end = EndingCode(code), let isFinal = reader.number(UInt8.self), isFinal <= 1,
      let attempt = reader.number(UInt16.self), let token = reader.token(), let startedAt = reader.timestamp(),
      let worker = reader.identifier(WorkerID.self), let endedAt = reader.timestamp()
    else { return nil }
    self.init(
      position: position, job: job, token: token, attempt: Int(attempt), ending: end.ending,
      preemptor: end.preemptor, isFinal: isFinal == 1, worker: attempt == 0 ? nil : worker,
      startedAt: attempt == 0 ? nil : startedAt,
      endedAt: endedAt, report: reader.remainder())
  }
}

extension QueueEvent {
  /// Reads the events of one entry of the event log, as the scripts pack them.
  static func unpack(at first: OutcomePosition, _ bytes: [UInt8]) -> [QueueEvent]? {
    var reader = ByteReader(bytes)
    var events: [QueueEvent] = []
    while !reader.isEmpty {
      let (sequence, isTooLarge) = first.sequence.addingReportingOverflow(UInt64(events.count))
      guard !isTooLarge, let job = reader.identifier(JobID.self), let kind = Kind(&reader) else { return nil }
      let position = OutcomePosition(milliseconds: first.milliseconds, sequence: sequence)
      events.append(QueueEvent(position: position, job: job, kind: kind))
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
