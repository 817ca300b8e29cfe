public import Numerics
import Synchronization

/// One point of a picture.
public struct PicturePoint: Sendable {
  public var x: Double
  public var y: Double
  public var z: Double
  /// The height, class, intensity or other number that its colour stands for.
  public var value: Float
  /// Where points have their own colours: red, green and blue, of 16 bits or of 8.
  public var color: SIMD3<UInt16>

  public init(x: Double, y: Double, z: Double, value: Float = 0, color: SIMD3<UInt16> = .zero) {
    (self.x, self.y, self.z) = (x, y, z)
    self.value = value
    self.color = color
  }
}

/// A picture of a cloud, to which points are added in batches and which is then drawn.
///
/// Of each sample only the nearest point is kept, so that memory grows with pixels, not points. What is drawn does not
/// depend on the order of points, on batches or on threads: of points that are equally near, one is kept by its colour.
///
/// - Complexity: O(points + samples × the square of a point's size). Memory: 8 bytes for each sample while points are
///   added, some 60 while it is drawn.
@safe public final class CloudPicture: @unchecked Sendable {
  public let parameters: PictureParameters
  let camera: PictureCamera
  /// For each sample the depth of the nearest point, as its bits, and below them what its colour is made from: the
  /// lesser number is the nearer point.
  private let samples: UnsafeMutablePointer<Atomic<UInt64>>

  /// - Parameters:
  ///   - low: the least coordinates of the cloud; what lies outside of the box may not be in the picture.
  ///   - high: the greatest coordinates.
  /// - Throws: `invalidParameter`, also for a box that is none.
  public init(low: Vector3, high: Vector3, parameters: PictureParameters = PictureParameters()) throws(PointCloudError)
  {
    try parameters.validate()
    let sides = [high.x - low.x, high.y - low.y, high.z - low.z]
    guard sides.allSatisfy({ $0 >= 0 && $0 < 1e15 }) else {
      throw PointCloudError(
        .invalidParameter, "a box with the sides \(sides) cannot be drawn", remedy: "Give the bounds of the points.")
    }
    self.parameters = parameters
    camera = PictureCamera(low, high, parameters)
    let count = camera.columns * camera.rows
    unsafe samples = .allocate(capacity: count)
    for index in 0..<count { unsafe (samples + index).initialize(to: Atomic(PictureSamples.none)) }
  }

  deinit {
    unsafe samples.deinitialize(count: camera.columns * camera.rows)
    unsafe samples.deallocate()
  }

  /// Adds points.
  ///
  /// - Parameters:
  ///   - threads: the most threads to use, the caller's own among them. Other threads may add points at the same time.
  ///   - point: the point of an index, nil for none. Points outside of the picture and those whose coordinates or value
  ///     are no numbers are left out.
  public func add(_ count: Int, threads: Int = 1, _ point: @Sendable (Int) -> PicturePoint?) {
    let (step, hasColors) = (1 << 15, parameters.coloring == .color)
    parallelFor((count + step - 1) / step, threads: threads) { part in
      for index in part * step..<min(count, (part + 1) * step) {
        guard let point = point(index), let place = camera.sample(point.x, point.y, point.z) else { continue }
        guard hasColors || !point.value.isNaN else { continue }
        let payload = hasColors ? SharedExponent.packed(point.color) : point.value.bitPattern
        keepNearest(PictureSamples.key(depth: place.depth, payload: payload), at: place.index)
      }
    }
  }

  @inline(__always) private func keepNearest(_ key: UInt64, at index: Int) {
    var old = unsafe samples[index].load(ordering: .relaxed)
    while key < old {
      let (exchanged, original) = unsafe samples[index].weakCompareExchange(
        expected: old, desired: key, ordering: .relaxed)
      if exchanged { return }
      old = original
    }
  }

  /// The picture of the points that were added, its first row on top. More may be added after that.
  public func draw(threads: Int = 1) -> Grid<SIMD4<UInt8>> {
    let seen = closed(threads: threads)
    let light = EyeDomeLighting(seen, parameters, sampleSize: Float(camera.sampleSize), threads: threads)
    let colors = PictureColors(seen, parameters)
    let side = parameters.supersampling
    let (columns, rows) = (camera.columns / side, camera.rows / side)
    let behind = parameters.background.map { SIMD4<Float>(Float($0[0]), Float($0[1]), Float($0[2]), 1) }
    let pixels = parallelMap(columns * rows, threads: threads) { index in
      let (row, column) = index.quotientAndRemainder(dividingBy: columns)
      var sum = SIMD4<Float>.zero
      for y in row * side..<(row + 1) * side {
        for x in column * side..<(column + 1) * side {
          let key = seen.keys[y * seen.columns + x]
          guard key != PictureSamples.none else { continue }
          sum += SIMD4(colors.color(PictureSamples.payload(key)) * light.shade(x, y), 1)
        }
      }
      return Self.pixel(sum / Float(side * side), behind)
    }
    return Grid(columns: columns, rows: rows, values: pixels)
  }

  /// For each sample the point that is seen there, with surfaces closed.
  private func closed(threads: Int) -> PictureSamples {
    let points = PictureSamples(columns: camera.columns, rows: camera.rows)
    for index in 0..<points.count { points.keys[index] = unsafe samples[index].load(ordering: .relaxed) }
    let spread = PointSizes(points, parameters).spread(points, slope: Float(camera.sampleSize), threads: threads)
    // Points whose size is given are wanted as they are.
    if parameters.pointSize == nil { HoleFilling(spread, parameters).fill(threads: threads) }
    return spread
  }

  /// - Parameter average: of the samples' colours, 0 where there is no point, and how much of the pixel they cover.
  @inline(__always) private static func pixel(_ average: SIMD4<Float>, _ behind: SIMD4<Float>?) -> SIMD4<UInt8> {
    var sum = average
    if let behind { sum += behind * (1 - sum.w) }
    guard sum.w > 0 else { return .zero }
    // Colours are weighted by what they cover, and so are those of transparent pixels not darkened.
    let color = SIMD4<Float>(sum.x / sum.w, sum.y / sum.w, sum.z / sum.w, 255 * sum.w)
    let bounds = (low: SIMD4<Float>.zero, high: SIMD4<Float>(repeating: 255))
    return SIMD4<UInt8>(color.clamped(lowerBound: bounds.low, upperBound: bounds.high), rounding: .toNearestOrEven)
  }

  /// Draws the picture and writes it as PNG.
  ///
  /// - Throws: `raster`, `libraryMissing`, `fileAccess`.
  public func write(path: String, threads: Int = 1) throws(PointCloudError) {
    try RasterFile.writePNG(draw(threads: threads), path: path)
  }
}

/// Three numbers of 16 bits as one of 32: nine bits of each and how far they are shifted, so that dark colours and
/// those of 8 bits keep their differences.
enum SharedExponent {
  static func packed(_ color: SIMD3<UInt16>) -> UInt32 {
    let most = max(color.x, color.y, color.z)
    let shift = UInt32(max(0, 16 - most.leadingZeroBitCount - 9))
    let (red, green, blue) = (UInt32(color.x) >> shift, UInt32(color.y) >> shift, UInt32(color.z) >> shift)
    return (shift << 27) | (red << 18) | (green << 9) | blue
  }

  static func unpacked(_ bits: UInt32) -> SIMD3<Float> {
    let scale = Float(1 << (bits >> 27))
    return SIMD3(Float((bits >> 18) & 511), Float((bits >> 9) & 511), Float(bits & 511)) * scale
  }
}
