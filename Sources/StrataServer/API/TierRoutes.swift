import StrataAPI
import StrataControl
import StrataCore
import StrataLedger

/// The routes by which operators see the tiers, and say what a tier's workers will have and cost.
struct TierRoutes {
  let control: ControlPlane
  /// Bytes of a change.
  static let bodyBytesMax = 4 << 10

  func list() async throws -> HTTPResponse { try .json(try await control.tierReports().map(TierView.init)) }

  /// Makes the tier where it is not known.
  func change(_ name: String, _ request: HTTPRequest) async throws -> HTTPResponse {
    let patch = try JSONCoding.decode(
      TierPatch.self, from: try await request.body.collect(limit: Self.bodyBytesMax), members: TierPatch.members)
    return try .json(TierView(try await control.change(TierChange(patch), ofTierNamed: name)))
  }

  func remove(_ name: String) async throws -> HTTPResponse {
    try .json(TierView(try await control.removeTier(named: name)))
  }
}

extension TierChange {
  fileprivate init(_ patch: TierPatch) {
    func micros(_ value: Int64?) -> MicroEuro? { value.map { MicroEuro(micros: $0) } }
    self.init(
      declared: patch.declaredSize.map { $0.map { .size($0) } ?? .unsaid }, cpuHour: micros(patch.rates?.cpuHour),
      memoryGibibyteHour: micros(patch.rates?.memoryGibibyteHour), wallHour: micros(patch.rates?.wallHour))
  }
}

extension TierView {
  init(_ tier: TierReport) {
    self.init(
      name: tier.name, workers: tier.workers, dedicated: tier.dedicated, slots: tier.slots, slotsFree: tier.slotsFree,
      room: tier.room, free: tier.free, offers: tier.definition?.offers ?? [],
      declaredSize: tier.definition?.declared, rates: (tier.definition?.rate).map(TierRatesView.init),
      waiting: tier.waiting, running: tier.running, scheduled: tier.delayed, runningMax: tier.limit.runningMax,
      isPaused: tier.limit.isPaused, rate: tier.limit.rate.map(RateView.init))
  }
}

extension TierRatesView {
  fileprivate init(_ rate: TierRate) {
    self.init(
      cpuHour: rate.cpuHour.micros, memoryGibibyteHour: rate.memoryGibibyteHour.micros, wallHour: rate.wallHour.micros)
  }
}
