import Glibc
public import Numerics
import Synchronization

/// Finds planes by trying those through three random points (RANSAC: Fischler and Bolles, Communications of the ACM 24, 1981).
///
/// The plane that most points are near is fitted to them by least squares, and those near the fitted one are its points; the next
/// plane is looked for among the rest. Trials that can no longer be the best are given up, which changes no result.
public struct PlaneSampling: Hashable, Sendable {
  /// How far from a plane its points may be, in the unit of the coordinates.
  public let distance: Double
  /// The most trials for each plane.
  public let trials: Int
  /// Trials end once a better plane was missed with no more than this probability; 0 for never.
  public let missProbability: Double
  /// The most planes.
  public let planes: Int
  /// The fewest points of a plane.
  public let least: Int
  public let seed: UInt64

  /// - Throws: `invalidParameter`.
  public init(
    distance: Double, trials: Int = 1_000, missProbability: Double = 1e-6, planes: Int = 1, least: Int = 3, seed: UInt64
  ) throws(PointCloudError) {
    try requirePositive("distance", distance)
    try requireCount("trials", trials, in: 1...10_000_000)
    try requireCount("planes", planes, in: 1...100_000)
    try requireCount("least", least, in: 3...Coordinates.countMax)
    guard missProbability >= 0, missProbability < 1 else {
      throw PointCloudError(
        .invalidParameter, "missProbability is \(missProbability)", remedy: "Give a number of at least 0 and below 1.")
    }
    (self.distance, self.trials, self.missProbability) = (distance, trials, missProbability)
    (self.planes, self.least, self.seed) = (planes, least, seed)
  }

  /// The planes, in the order in which they were found: about that of their numbers of points.
  ///
  /// - Parameter keepGoing: asked before every few trials; once it answers false, the work ends.
  /// - Throws: `cancelled`.
  /// - Complexity: O(points × trials) for each plane, on at most `threads` threads, which do not change the result; 32
  ///   bytes for each point.
  public func segments(
    of points: Coordinates, threads: Int = 1, keepGoing: () -> Bool = { true }
  ) throws(PointCloudError) -> [PlanarSegment] {
    var rest = shuffled(points.count)
    var found: [PlanarSegment] = []
    while found.count < planes, rest.count >= least {
      let round = PlaneTrials(points, rest, self, round: found.count)
      guard let plane = try round.best(threads: threads, keepGoing: keepGoing) else { break }
      let near = rest.filter { plane.distance(to: points[Int($0)]) <= distance }
      let fitted = Plane(fitting: near, of: points) ?? plane
      let members = rest.filter { fitted.distance(to: points[Int($0)]) <= distance }
      // What the fit has lost on the way is not worse than the plane of the trial.
      let (best, own) = members.count >= near.count ? (fitted, members) : (plane, near)
      guard own.count >= least else { break }
      found.append(PlanarSegment(plane: best, indices: own.sorted()))
      rest.removeAll { best.distance(to: points[Int($0)]) <= distance }
    }
    return found
  }

  /// All indices in a random order, so that the first points of any trial stand for all (Fisher and Yates 1938).
  private func shuffled(_ count: Int) -> [Int32] {
    var random = SplitMix(state: seed)
    var result = (0..<Int32(count)).map { $0 }
    for place in stride(from: count - 1, to: 0, by: -1) {
      result.swapAt(place, Int(random.next().multipliedFullWidth(by: UInt64(place + 1)).high))
    }
    return result
  }
}

/// The trials for one plane among some points.
private struct PlaneTrials: Sendable {
  /// Trials after which it is decided whether there have been enough: the same whatever the number of threads.
  private static let batch = 64
  /// Points after which a trial may be given up.
  private static let block = 4_096

  private let x: [Double]
  private let y: [Double]
  private let z: [Double]
  private let origin: SIMD3<Double>
  private let search: PlaneSampling
  private let round: Int
  private var count: Int { x.count }

  init(_ points: Coordinates, _ indices: [Int32], _ search: PlaneSampling, round: Int) {
    origin = indices.first.map { points[Int($0)] } ?? .zero
    let origin = origin
    x = indices.map { points.x[Int($0)] - origin.x }
    y = indices.map { points.y[Int($0)] - origin.y }
    z = indices.map { points.z[Int($0)] - origin.z }
    (self.search, self.round) = (search, round)
  }

  /// The plane that most points are near; of equals that of the first trial. Nil where all trials met points on a line.
  func best(threads: Int, keepGoing: () -> Bool) throws(PointCloudError) -> Plane? {
    let record = Atomic<Int>(0)
    let counts = SharedColumn(repeating: Int32(-1), count: search.trials)
    var (done, best) = (0, 0)
    while done < search.trials {
      let trials = done..<min(search.trials, done + Self.batch)
      let isWhole = parallelFor(trials.count, threads: threads, keepGoing: { _ in keepGoing() }) { number in
        guard let plane = plane(trials.lowerBound + number) else { return }
        let near = countNear(plane) { record.load(ordering: .relaxed) }
        counts[trials.lowerBound + number] = Int32(near)
        record.max(near, ordering: .relaxed)
      }
      guard isWhole else { throw .cancelled }
      for trial in trials where counts[trial] > counts[best] { best = trial }
      done = trials.upperBound
      if isEnough(trials: done, near: Int(counts[best])) { break }
    }
    guard counts[best] >= 0, let plane = plane(best) else { return nil }
    return Plane(normal: plane.normal, through: plane.normal * plane.distance + origin)
  }

  /// Whether some plane with more points would have been met by now, all but surely.
  private func isEnough(trials: Int, near: Int) -> Bool {
    let share = Double(near) / Double(count)
    let hit = share * share * share
    return search.missProbability > 0 && Double(trials) * log1p(-min(hit, 1 - 0x1p-53)) <= log(search.missProbability)
  }

  private func plane(_ trial: Int) -> Plane? {
    var random = SplitMix(state: search.seed &+ UInt64(round) << 32 &+ UInt64(trial) &* 0xD134_2543_DE82_EF95)
    func place() -> SIMD3<Double> {
      let index = Int(random.next().multipliedFullWidth(by: UInt64(count)).high)
      return SIMD3(x[index], y[index], z[index])
    }
    return Plane(place(), place(), place())
  }

  /// How many points are near a plane; fewer than are where `record` is out of reach.
  private func countNear(_ plane: Plane, record: () -> Int) -> Int {
    var (near, start) = (0, 0)
    while start < count {
      let end = min(count, start + Self.block)
      near += countNear(plane, start, end)
      if near + (count - end) < record() { return near }
      start = end
    }
    return near
  }

  private func countNear(_ plane: Plane, _ start: Int, _ end: Int) -> Int {
    let (normal, offset, limit) = (plane.normal, plane.distance, search.distance)
    var (far, place) = (SIMD4<Int64>.zero, start)
    unsafe x.withUnsafeBufferPointer { x in
      unsafe y.withUnsafeBufferPointer { y in
        unsafe z.withUnsafeBufferPointer { z in
          while place + 4 <= end {
            let px = unsafe SIMD4(x[place], x[place + 1], x[place + 2], x[place + 3])
            let py = unsafe SIMD4(y[place], y[place + 1], y[place + 2], y[place + 3])
            let pz = unsafe SIMD4(z[place], z[place + 1], z[place + 2], z[place + 3])
            let height = px * normal.x + py * normal.y + pz * normal.z - offset
            let magnitude = height.replacing(with: -height, where: height .< 0)
            far &+= SIMD4<Int64>.zero.replacing(with: 1, where: magnitude .> limit)
            place += 4
          }
        }
      }
    }
    var near = place - start - Int(far.wrappedSum())
    for rest in place..<end where plane.distance(to: SIMD3(x[rest], y[rest], z[rest])) <= limit { near += 1 }
    return near
  }
}
