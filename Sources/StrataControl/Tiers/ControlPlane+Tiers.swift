public import StrataCore
public import StrataLedger
import StrataQueue
import StrataScheduling

/// What jobs may ask for, and what it costs: for operators.
extension ControlPlane {
  /// The tiers that are known.
  public var tiers: [TierDefinition] { tierBook.inOrder }

  /// Changes a tier's declared size or its rates; makes it where it is not known. Rates count for attempts that are
  /// settled from now on.
  ///
  /// - Returns: the tier as it is now.
  /// - Throws: `invalidBody`; `unavailable` where the queue cannot be asked how it stands: the change is kept.
  public func change(_ change: TierChange, ofTierNamed name: String) async throws(StrataError) -> TierReport {
    guard let tier = TierName(rawValue: name) else {
      throw StrataError(
        .invalidBody, "'\(name)' cannot be a tier's name",
        remedy: "use 1 to 32 letters a–z, digits and '-', a letter first")
    }
    try require(change)
    do throws(LedgerError) {
      try await ledger.change(change, ofTier: tier)
      try await tierWatch.read()
    } catch {
      throw error.strataError
    }
    return try await report(of: name)
  }

  /// Forgets a tier, its declared size and the sizes of its workers. Its rates are kept for when it comes back.
  ///
  /// - Returns: the tier as it was.
  /// - Throws: `notFound`; `conflict` while a worker serves it, or jobs of it have not ended; `unavailable` without the
  ///   queue.
  public func removeTier(named name: String) async throws(StrataError) -> TierReport {
    let report = try await report(of: name)
    guard report.workers == 0 else {
      throw StrataError(
        .conflict, "\(report.workers.counted("worker serves", "workers serve")) tier '\(name)'",
        remedy: "stop what serves it first")
    }
    let jobs: Int
    do throws(LedgerError) {
      jobs = try await ledger.forget(tier: report.name)
      try await tierWatch.read()
    } catch {
      throw error.strataError
    }
    guard jobs == 0 else {
      throw StrataError(
        .conflict, "\(jobs.counted("job")) of tier '\(name)' \(jobs == 1 ? "has" : "have") not ended",
        remedy: "wait for \(jobs == 1 ? "it" : "them"), or cancel \(jobs == 1 ? "it" : "them")")
    }
    return report
  }

  /// - Throws: `notFound`, naming the nearest.
  private func report(of name: String) async throws(StrataError) -> TierReport {
    try await lookForTier(named: name)
    let reports = try await tierReports()
    guard tierBook.tiers.keys.contains(where: { $0.rawValue == name }),
      let report = reports.first(where: { $0.name.rawValue == name })
    else { throw Self.missing("tier", name, among: tierBook.inOrder.map(\.name.rawValue)) }
    return report
  }

  /// Looks at the workers where a tier of that name is not known: one may have come just now.
  func lookForTier(named name: String) async throws(StrataError) {
    guard !tierBook.tiers.keys.contains(where: { $0.rawValue == name }) else { return }
    do { try await tierWatch.look() } catch { throw error.strataError }
  }

  private func require(_ change: TierChange) throws(StrataError) {
    for (name, rate) in [
      ("cpu_hour", change.cpuHour), ("memory_gibibyte_hour", change.memoryGibibyteHour), ("wall_hour", change.wallHour),
    ] {
      guard let rate, !(0...configuration.tierLimits.hourMicroEuroMax).contains(rate.micros) else { continue }
      throw StrataError(
        .invalidBody, "a rate '\(name)' of \(rate) EUR cannot be had",
        remedy: "give 0 to \(MicroEuro(micros: configuration.tierLimits.hourMicroEuroMax)) EUR")
    }
    guard case .size(let size) = change.declared else { return }
    guard size.cpuMillicores > 0, size.memoryBytes > 0 else {
      throw StrataError(
        .invalidBody, "a worker has some CPU and some memory", remedy: "declare more than zero of both")
    }
    do { _ = try ResourceShape(covering: ResourceAmounts(size)) } catch {
      throw StrataError(.invalidBody, "the declared size cannot be had: \(error)")
    }
  }
}
