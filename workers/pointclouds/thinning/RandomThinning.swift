import Numerics

/// Keeps a number of points at random, each set of so many being as likely as any other.
///
/// Selection sampling (Knuth, The Art of Computer Programming 2, algorithm 3.4.2 S; Fan, Muller, Rezucha 1962).
public struct RandomThinning: Hashable, Sendable {
  /// How many points are kept; all of a cloud that has no more.
  public let kept: Int
  public let seed: UInt64

  /// - Throws: `invalidParameter` where `kept` is negative.
  public init(kept: Int, seed: UInt64) throws(PointCloudError) {
    guard kept >= 0 else {
      throw PointCloudError(.invalidParameter, "kept is \(kept)", remedy: "Give a number of at least 0.")
    }
    (self.kept, self.seed) = (kept, seed)
  }

  /// The indices of the points that are kept, growing. The same seed and number of points give the same ones.
  ///
  /// - Complexity: O(points), one thread, 4 bytes for each point that is kept.
  public func indices(of count: Int) -> [Int32] {
    var random = SplitMix(state: seed)
    var wanted = min(kept, count)
    var result: [Int32] = []
    result.reserveCapacity(wanted)
    for index in 0..<count where wanted > 0 {
      let left = UInt64(count - index)
      // An even number below `left`; its bias is below 2⁻³², as there are fewer than 2³² points.
      if random.next().multipliedFullWidth(by: left).high < UInt64(wanted) {
        result.append(Int32(index))
        wanted -= 1
      }
    }
    return result
  }
}
