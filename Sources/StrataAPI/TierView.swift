public import StrataCore

/// A class of workers with what waits for it: `GET /v1/tiers`.
public struct TierView: Hashable, Codable, Sendable {
  public let name: TierName
  /// Workers that serve it.
  public let workers: Int
  /// Those of them that are dedicated to one tenant.
  public let dedicated: Int
  /// Jobs that they would run at once, and how many more they would take now.
  public let slots: Int
  public let slotsFree: Int
  /// What they have in all, as far as it is known, and what of that is free.
  public let room: ResourceRequest
  public let free: ResourceRequest
  /// The sizes of workers of which a job must fit one, the smallest first; none where the tier takes no jobs.
  public let offers: [ResourceRequest]
  /// The greatest of them; absent where there is none.
  public let largestRequest: ResourceRequest?
  /// What an operator said that a worker of it will have; absent where nobody has.
  public let declaredSize: ResourceRequest?
  /// What its workers cost; absent of a tier that only the queue knows.
  public let rates: TierRatesView?
  public let waiting: Int
  public let running: Int
  /// Jobs that wait for their time.
  public let scheduled: Int
  /// The most that may run at once; absent for any number.
  public let runningMax: Int?
  public let isPaused: Bool
  /// Absent for any number of starts.
  public let rate: RateView?

  public init(
    name: TierName, workers: Int, dedicated: Int, slots: Int, slotsFree: Int, room: ResourceRequest,
    free: ResourceRequest, offers: [ResourceRequest] = [], declaredSize: ResourceRequest? = nil,
    rates: TierRatesView? = nil, waiting: Int, running: Int, scheduled: Int, runningMax: Int?, isPaused: Bool,
    rate: RateView? = nil
  ) {
    self.name = name
    self.workers = workers
    self.dedicated = dedicated
    self.slots = slots
    self.slotsFree = slotsFree
    self.room = room
    self.free = free
    self.offers = offers
    largestRequest = offers.last
    self.declaredSize = declaredSize
    self.rates = rates
    self.waiting = waiting
    self.running = running
    self.scheduled = scheduled
    self.runningMax = runningMax
    self.isPaused = isPaused
    self.rate = rate
  }

  enum CodingKeys: String, CodingKey {
    case name, workers, dedicated, slots, room, free, offers, rates, waiting, running, scheduled, rate
    case slotsFree = "slots_free"
    case largestRequest = "largest_request"
    case declaredSize = "declared_size"
    case runningMax = "running_max"
    case isPaused = "paused"
  }
}
