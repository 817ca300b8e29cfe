import StrataCore

/// When a waiting job will start, as far as what has been seen tells.
public enum StartEstimate: Hashable, Sendable {
  /// There is a free slot for it.
  case now
  case after(StartInterval)
  case unknown(StartObstacle)
}

/// How long a job still waits: `expected` is as likely too long as too short (the median), and the true wait is between
/// `earliest` and `latest` with the probability `confidence`.
public struct StartInterval: Hashable, Sendable {
  public let earliest: Duration
  public let expected: Duration
  public let latest: Duration
  public let confidence: Double
}

/// Why nothing can be said.
public enum StartObstacle: String, Hashable, Sendable, CaseIterable {
  case paused
  case noWorkers = "no_workers"
  case nothingCompleted = "nothing_completed"
}

extension StartObstacle: CustomStringConvertible {
  public var description: String {
    switch self {
    case .paused: "nothing of it may start"
    case .noWorkers: "no worker serves it"
    case .nothingCompleted: "no job has ended lately, so there is no rate to go by"
    }
  }
}

/// Where a job stands.
public struct PlaceInLine: Hashable, Sendable {
  /// Jobs that go first.
  public let ahead: Int
  /// How many jobs the workers can run at once, and how many they do.
  public let slots: Int
  public let running: Int
  /// For how long those that run have done so, as far as it is known.
  public let elapsed: [Duration]
  public let isPaused: Bool

  public init(ahead: Int, slots: Int, running: Int, elapsed: [Duration] = [], isPaused: Bool = false) {
    self.ahead = ahead
    self.slots = slots
    self.running = running
    self.elapsed = elapsed
    self.isPaused = isPaused
  }

  /// A job that has run for longer than the mean still takes this part of it: nobody knows that it is about to end.
  public static let remainingMin = 0.1

  /// Of what runs for so many times the mean it is believed that it is not of the kind that was seen: of exponential
  /// running times one in 150 is as long.
  public static let outlivedFrom = 5.0

  /// For how long those that run have done so, of all in the middle, where every slot runs what is not of the kind that was
  /// seen, which takes about `mean` seconds; else nil. Before anything starts then, one of these has to end.
  func outlived(mean: Double) -> Double? {
    guard elapsed.count >= slots, elapsed.allSatisfy({ $0.seconds > Self.outlivedFrom * mean }) else { return nil }
    return elapsed.sorted()[elapsed.count / 2].seconds
  }

  /// How much sooner or later the `ends`-th end from now comes than if all slots had always been at a random place in
  /// their jobs, where jobs take about `mean` seconds: then it would come after `ends`/`slots` of them. Each slot has what
  /// is left to the mean, and one whole job after the other after that. Jobs of very different lengths tell nothing by how
  /// long they have run (exponential ones forget it), so it counts by what `squaredVariation` lacks to 1.
  func shift(ends: Double, mean: Double, squaredVariation: Double) -> Double {
    let regularity = max(0, 1 - squaredVariation)
    guard regularity > 0, !elapsed.isEmpty, mean > 0, ends >= 1 else { return 1 }
    let left = elapsed.map { max(Self.remainingMin, 1 - $0.seconds / mean) }.sorted()
    let (rounds, place) = Int(min(ends - 1, 1e15)).quotientAndRemainder(dividingBy: slots)
    let means = Double(rounds) + (place < left.count ? left[place] : 1)
    return 1 - regularity + regularity * means * Double(slots) / ends
  }
}

/// What has been seen of such jobs over a window of the recent past.
public struct ServiceHistory: Hashable, Sendable {
  /// Ends from which on it is believed how much running times vary, and that those to come are like those that were seen.
  public static let believedFrom = 10

  /// Jobs that ended.
  public let completed: Int
  /// For how long slots were busy, all slots together; the jobs that have not ended count too, or long ones would be
  /// overlooked.
  public let busy: Duration
  /// The variance of running times over the square of their mean; 1 where it is not known, as for exponential ones.
  public let squaredVariation: Double

  public init(completed: Int, busy: Duration, squaredVariation: Double = 1) {
    self.completed = completed
    self.busy = busy
    self.squaredVariation = squaredVariation
  }

  /// With those that run, which have kept slots busy for as long as they have, whoever looked: of a tier on which short
  /// ones have ended and long ones run, the short ones alone would say that each is about to end.
  public func including(_ elapsed: [Duration]) -> ServiceHistory {
    ServiceHistory(
      completed: completed, busy: max(busy, elapsed.reduce(.zero, +)), squaredVariation: squaredVariation)
  }

  /// Whether too few ended for more than a rough guess.
  public var isThin: Bool { completed < Self.believedFrom }
}

extension StartEstimate {
  /// One in ten is told an interval that misses.
  public static let confidenceDefault = 0.9
  /// What running times are taken to vary by at least, over the square of their mean, where too few have been seen: more
  /// than exponential ones, so that the interval is wider than those few alone would make it.
  public static let thinVariation = 2.0
  /// By how much it counts then how long those that run have done so: see `PlaceInLine.shift`.
  public static let thinRegularity = 0.5

  /// Estimates the start of the job at `place`.
  ///
  /// With *c* slots, all busy, jobs end at the rate *c*·μ, and the job starts with the *k*-th end, *k* being those ahead
  /// and itself less the free slots. While running times are about exponential, ends are a Poisson process, and the wait
  /// is gamma distributed with shape *k* (Kleinrock, "Queueing Systems" I, 1975, section 4.2). μ itself is known only
  /// from *n* ends in the busy time *B*: by Jeffreys' prior it is gamma distributed with shape *n* + ½ and rate *B*
  /// (Gelman et al., "Bayesian Data Analysis", section 2.6), so the wait is *B*/*c* times a ratio of gamma variables.
  /// Both shapes are divided by the squared variation of running times where that is above 1, as ends bunch in
  /// proportion to it in the long run (Whitt, "Approximating a point process by a renewal process", 1982). Below 1 they
  /// are left alone: ends of many slots look like a Poisson process for a while, whatever each one's are like.
  ///
  /// How long those that run have done so moves the interval: see `PlaceInLine.shift`. Where fewer than
  /// `ServiceHistory.believedFrom` have ended, the interval is that of `thinVariation`, and it is not moved together: its
  /// end stays where it was.
  ///
  /// Where all that run have outlived the kind that was seen (see `PlaceInLine.outlived`), the first end is that of a job of
  /// which nothing is known but its age *e*. Seen at a random moment of its life, it still takes up to *e*·*p*/(1 − *p*) with
  /// the probability *p* (Gott, "Implications of the Copernican principle for our future prospects", Nature 363, 1993); the
  /// other ends are those of the kind that was seen.
  ///
  /// What is not foreseen: jobs that come later and go first, workers that come or go, and jobs of another kind ahead
  /// than those that were seen.
  ///
  /// Told 90 %, 90 % to 92 % of simulated waits held for exponential running times, and 91 % to 100 % for others.
  ///
  /// - Complexity: O(√(`ahead` + `completed`)).
  public static func of(
    _ place: PlaceInLine, history: ServiceHistory, confidence: Double = confidenceDefault
  ) -> StartEstimate {
    precondition(confidence > 0 && confidence < 1, "a confidence is between 0 and 1")
    guard !place.isPaused else { return .unknown(.paused) }
    guard place.slots > 0 else { return .unknown(.noWorkers) }
    let endsNeeded = Double(max(0, place.ahead)) + 1 - Double(max(0, place.slots - place.running))
    guard endsNeeded > 0 else { return .now }
    guard history.completed > 0, history.busy > .zero else { return .unknown(.nothingCompleted) }

    let mean = history.busy.seconds / Double(history.completed)
    let outlived = place.outlived(mean: mean)
    let bunching = max(history.isThin ? thinVariation : 1, history.squaredVariation)
    let endsOfKind = endsNeeded - (outlived == nil ? 0 : 1)
    let waits =
      endsOfKind > 0
      ? BetaPrimeDistribution(a: endsOfKind / bunching, b: (Double(history.completed) + 0.5) / bunching) : nil
    let shift = place.shift(
      ends: endsNeeded, mean: mean,
      squaredVariation: history.isThin ? 1 - thinRegularity : history.squaredVariation)
    func wait(_ probability: Double, _ shift: Double) -> Duration {
      let first = (outlived ?? 0) * probability / (1 - probability)
      let later = history.busy.seconds / Double(place.slots) * (waits?.quantile(probability) ?? 0) * shift
      let seconds = first + later
      return .seconds(min(seconds, waitSecondsMax))
    }
    let miss = (1 - confidence) / 2
    return .after(
      StartInterval(
        earliest: wait(miss, history.isThin ? min(1, shift) : shift), expected: wait(0.5, shift),
        latest: wait(1 - miss, history.isThin ? max(1, shift) : shift), confidence: confidence))
  }

  /// A century: what is longer is "never" to any reader.
  private static let waitSecondsMax = 3_155_760_000.0
}
