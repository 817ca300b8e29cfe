import StrataCore
public import StrataLedger
import StrataQueue

extension ControlPlane {
  /// Outcomes looked through for jobs that the queue does not hold. A job of which more than so many wait for settlement
  /// may have ended too.
  private static let outcomesScanMax = 500

  /// Jobs as ledger and queue know them together.
  ///
  /// - Parameter records: as the ledger had them a moment ago.
  public func snapshots(of records: [StoredJob], attempts: [StoredAttempt] = []) async -> [JobSnapshot] {
    let open = records.filter { !$0.state.isFinal && $0.state != .blocked }.map(\.id)
    let statuses = open.isEmpty ? [] : try? await queue.status(of: open)
    guard let statuses else { return records.map { snapshot($0, attempts, .unknown) } }
    let held = Dictionary(uniqueKeysWithValues: zip(open, statuses))
    let missing = Set(open.filter { held[$0] == .some(nil) })
    let (records, ending) = await ended(missing, among: records)
    return records.map { record in
      if let status = held[record.id] ?? nil { return snapshot(record, attempts, .held(status)) }
      return snapshot(record, attempts, ending.contains(record.id) ? .ending : .absent)
    }
  }

  private func snapshot(_ record: StoredJob, _ attempts: [StoredAttempt], _ place: JobSnapshot.Place) -> JobSnapshot {
    JobSnapshot(record: record, attempts: attempts, place: place, now: configuration.clock.now)
  }

  /// Tells those of the missing jobs that have ended, whose outcome is on its way, from those that are still to be
  /// enqueued. What has been settled meanwhile is read again.
  ///
  /// - Returns: the records, and the jobs that are ending. Where nobody can tell, a job is: most are.
  private func ended(_ missing: Set<JobID>, among records: [StoredJob]) async -> ([StoredJob], Set<JobID>) {
    guard !missing.isEmpty else { return (records, []) }
    do {
      let outcomes = try await queue.outcomes(after: nil, limit: Self.outcomesScanMax, waitingUpTo: .zero)
      guard outcomes.count < Self.outcomesScanMax else { return (records, missing) }
      let ending = missing.intersection(outcomes.filter(\.isFinal).map(\.job))
      let states = try await ledger.states(of: Array(missing.subtracting(ending)))
      var current = records
      for (index, record) in records.enumerated() where states[record.id]?.isFinal == true {
        current[index] = try await ledger.job(record.id, tenant: nil) ?? record
      }
      return (current, ending)
    } catch {
      return (records, missing)
    }
  }
}
