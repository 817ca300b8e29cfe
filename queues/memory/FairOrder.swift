internal import StrataCore

/// The order in which tenants have their turns, in plain Swift: start-time fair queueing (P. Goyal, H. M. Vin, H. Cheng,
/// 1996) within each pool, which is a tier and a priority class. `redis/scripts/shared/tenants.lua` does the same.
///
/// A tenant's tag is what it has been charged, divided by its weight. The smallest goes first and is charged for what the
/// attempt is expected to use; what it used beyond that, or less, is added when it ends. A tenant that comes back starts
/// no earlier than the pool's virtual time, the greatest tag that a turn began with: being away gains nothing.
struct FairOrder {
  /// Numbers of 2^53 and below, with the arithmetic of Lua.
  private var tags: [QueuePool: [TenantID: Double]] = [:]
  private var virtualTimes: [QueuePool: Double] = [:]
  /// The tenants that are found in a lane where jobs wait, by what their tag was when they were put there. The true one is that or
  /// greater, after charges elsewhere.
  private var places: [Lane: [TenantID: Double]] = [:]
  /// How long attempts take, microseconds.
  private var averages: [Lane: Double] = [:]

  /// A tenant's turn in a lane.
  struct Turn {
    let lane: Lane
    let tenant: TenantID
    let tag: Double
  }

  /// A turn with the tenant's tag of now.
  func current(_ turn: Turn) -> Turn {
    Turn(lane: turn.lane, tenant: turn.tenant, tag: tags[turn.lane.pool]?[turn.tenant] ?? 0)
  }

  /// What a job of a lane is expected to use, core-milliseconds.
  func cost(of lane: Lane, unknown: Duration) -> Double {
    Self.charge(lane.resources.weightMillicores, duration(of: lane, unknown: unknown), GatePolicy.unlimited.weight)
  }

  /// How long a job of a lane is expected to run, microseconds.
  func duration(of lane: Lane, unknown: Duration) -> Double { averages[lane] ?? Double(unknown.wholeMicroseconds) }

  func tag(of tenant: TenantID, in pool: QueuePool) -> Double { tags[pool]?[tenant] ?? 0 }

  func virtualTime(of pool: QueuePool) -> Double { virtualTimes[pool] ?? 0 }

  func isPlaced(_ tenant: TenantID, in lane: Lane) -> Bool { places[lane.home]?[tenant] != nil }

  func tenants(in lane: Lane) -> [TenantID: Double] { places[lane.home] ?? [:] }

  /// These, as they are found.
  func inTheirOrder(in lane: Lane) -> [(tenant: TenantID, place: Double)] {
    tenants(in: lane).sorted { ($0.value, $0.key) < ($1.value, $1.key) }.map { ($0.key, $0.value) }
  }

  /// Lets a tenant be found in a lane.
  mutating func place(_ tenant: TenantID, in lane: Lane) {
    if isPlaced(tenant, in: lane) { return }
    let tag = max(tags[lane.pool]?[tenant] ?? 0, virtualTimes[lane.pool] ?? 0)
    places[lane.home, default: [:]][tenant] = tag
    tags[lane.pool, default: [:]][tenant] = tag
  }

  /// Forgets what is known of a lane that has no jobs.
  mutating func forget(_ lane: Lane) { (places[lane], averages[lane]) = (nil, nil) }

  mutating func remove(_ tenant: TenantID, from lane: Lane) { places[lane.home]?[tenant] = nil }

  /// - Returns: whether the turn's tag was true, or too small by no more than `tolerance`; else the tenant was moved to
  ///   where it belongs.
  mutating func confirm(_ turn: Turn, tolerance: Duration) -> Bool {
    let tag = tags[turn.lane.pool]?[turn.tenant] ?? 0
    if tag <= turn.tag + Double(tolerance.milliseconds) { return true }
    places[turn.lane.home]?[turn.tenant] = tag
    return false
  }

  /// Charges a tenant that is due for one attempt in a lane, on a worker that is its own or for all. Returns the charge.
  mutating func charge(_ turn: Turn, for lane: Lane, isOnOwn: Bool, weight: Int, unknown: Duration) -> Double {
    let tenant = turn.tenant
    let tag = tags[lane.pool]?[tenant] ?? 0
    let charge = Self.charge(lane.resources.weightMillicores, duration(of: lane, unknown: unknown), weight)
    if !isOnOwn { virtualTimes[lane.pool] = max(virtualTimes[lane.pool] ?? 0, tag) }
    tags[lane.pool, default: [:]][tenant] = tag + charge
    places[turn.lane.home]?[tenant] = tag + charge
    return charge
  }

  /// What is counted for a tenant in a pool.
  struct Account: Hashable {
    let pool: QueuePool
    let tenant: TenantID
  }

  /// Adds what attempts used beyond their charges.
  mutating func correct(_ account: Account, by amount: Double) {
    guard amount != 0, let tag = tags[account.pool]?[account.tenant] else { return }
    tags[account.pool]?[account.tenant] = max(0, tag + amount)
  }

  /// Puts a tenant where its tag says, where that is before the place at which it is found.
  mutating func moveForward(_ tenant: TenantID, in lane: Lane) {
    guard let place = places[lane.home]?[tenant], let tag = tags[lane.pool]?[tenant], tag < place else { return }
    places[lane.home]?[tenant] = tag
  }

  /// The newest has an eighth of the say.
  mutating func learn(_ microseconds: Double, in lane: Lane) {
    let value = max(0, microseconds)
    averages[lane] = averages[lane].map { $0 + ((value - $0) / 8).rounded(.down) } ?? value
  }

  /// What so many microseconds weigh: core-milliseconds for a weight of 100, at least 1.
  static func charge(_ millicores: Int64, _ microseconds: Double, _ weight: Int) -> Double {
    let milliseconds = (min(max(microseconds, 0), 0x1p41) / 1_000).rounded(.down)
    let used = (Double(millicores) * milliseconds / 1_000).rounded(.down)
    return max(1, (used * 100 / Double(weight)).rounded(.down))
  }
}
