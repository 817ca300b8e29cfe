/// A box along the axes, its faces included.
public struct Box: Hashable, Sendable {
  public var minimum: Vector3
  public var maximum: Vector3

  public init(minimum: Vector3, maximum: Vector3) {
    self.minimum = minimum
    self.maximum = maximum
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
