/// Triangles whose sides know one another: three corners and three twins for each, side by side in memory.
///
/// Side `4 t + i` of triangle `t` leads from its corner `i` to the next one, counterclockwise; the same side of the triangle beyond is its
/// twin. The plane outside is triangles, too: each side of the hull has one whose third corner is `outside`.
@safe struct TriangleMesh: ~Copyable, @unchecked Sendable {
  /// Of each triangle three corners, an unused number, three twins, an unused number.
  private var numbers: UnsafeMutablePointer<Int32>
  private(set) var count = 0
  private var capacity: Int

  static let outside: Int32 = -1
  private static let stride = 8

  init(capacity: Int) {
    self.capacity = max(8, capacity)
    unsafe numbers = Self.allocate(self.capacity)
  }

  deinit { unsafe numbers.deallocate() }

  /// Aligned, so that no triangle lies in two lines of the cache.
  private static func allocate(_ count: Int) -> UnsafeMutablePointer<Int32> {
    unsafe UnsafeMutableRawPointer.allocate(byteCount: count * stride * MemoryLayout<Int32>.stride, alignment: 64)
      .bindMemory(to: Int32.self, capacity: count * stride)
  }

  /// Makes room for so many triangles in all.
  mutating func reserve(_ least: Int) {
    guard least > capacity else { return }
    capacity = max(least, capacity + capacity / 2)
    let larger = unsafe Self.allocate(capacity)
    unsafe larger.initialize(from: numbers, count: count * Self.stride)
    unsafe numbers.deallocate()
    unsafe numbers = larger
  }

  /// The number of a triangle that has neither corners nor twins yet. There must be room.
  @inline(__always) mutating func make() -> Int32 {
    count &+= 1
    return Int32(truncatingIfNeeded: count &- 1)
  }

  @inline(__always) static func next(_ side: Int32) -> Int32 { side & 3 == 2 ? side &- 2 : side &+ 1 }
  @inline(__always) static func previous(_ side: Int32) -> Int32 { side & 3 == 0 ? side &+ 2 : side &- 1 }

  @inline(__always) private static func place(_ side: Int32) -> Int { Int(side &+ (side & ~3)) }

  /// Where a side begins.
  @inline(__always) func corner(_ side: Int32) -> Int32 { unsafe numbers[Self.place(side)] }
  @inline(__always) func twin(_ side: Int32) -> Int32 { unsafe numbers[Self.place(side) &+ 4] }

  @inline(__always) mutating func setCorners(_ triangle: Int32, _ a: Int32, _ b: Int32, _ c: Int32) {
    let place = Int(triangle) &* Self.stride
    unsafe numbers[place] = a
    unsafe numbers[place &+ 1] = b
    unsafe numbers[place &+ 2] = c
  }

  @inline(__always) mutating func join(_ side: Int32, _ other: Int32) {
    unsafe numbers[Self.place(side) &+ 4] = other
    unsafe numbers[Self.place(other) &+ 4] = side
  }
}
