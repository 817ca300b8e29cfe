/// A box along the axes, its faces included.
public struct Box: Hashable, Sendable {
  public var minimum: Vector3
  public var maximum: Vector3

  public init(minimum: Vector3, maximum: Vector3) {
    self.minimum = minimum
    self.maximum = maximum
  }

  /// - Parameter text: `min_x,min_y,max_x,max_y`, or with heights `min_x,min_y,min_z,max_x,max_y,max_z`.
  /// - Throws: `invalidParameter`.
  public init(_ text: String) throws(PointCloudError) {
    let words = text.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = words.compactMap { Double($0.filter { !$0.isWhitespace }) }.filter(\.isFinite)
    let half = words.count / 2
    guard numbers.count == words.count, [4, 6].contains(words.count),
      (0..<half).allSatisfy({ numbers[$0] <= numbers[half + $0] })
    else {
      throw PointCloudError(
        .invalidParameter, "bounds are '\(text.prefix(64))'",
        remedy:
          "Give min_x,min_y,max_x,max_y, or with heights min_x,min_y,min_z,max_x,max_y,max_z, in the file's coordinates."
      )
    }
    let hasHeights = words.count == 6
    minimum = Vector3(x: numbers[0], y: numbers[1], z: hasHeights ? numbers[2] : -.infinity)
    maximum = Vector3(x: numbers[half], y: numbers[half + 1], z: hasHeights ? numbers[5] : .infinity)
  }

  public func contains(_ point: Vector3) -> Bool {
    point.x >= minimum.x && point.x <= maximum.x && point.y >= minimum.y && point.y <= maximum.y
      && point.z >= minimum.z && point.z <= maximum.z
  }

  public func intersects(_ other: Box) -> Bool {
    minimum.x <= other.maximum.x && maximum.x >= other.minimum.x && minimum.y <= other.maximum.y
      && maximum.y >= other.minimum.y && minimum.z <= other.maximum.z && maximum.z >= other.minimum.z
  }
}
