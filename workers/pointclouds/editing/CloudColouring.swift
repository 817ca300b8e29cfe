import Numerics

/// How a place between pixels gets its colour.
public enum PixelSampling: String, Codable, Sendable, CaseIterable {
  /// That of the pixel it lies in.
  case nearest
  /// The mean of the four pixels whose centres are around it, weighted by how near they are; those without data do not
  /// count.
  case bilinear
}

/// A cloud with colours from a picture.
public struct ColouredCloud: Sendable {
  public let cloud: PointCloud
  /// How many points kept the colour that they had (black in a cloud that had none), because they lie outside the
  /// picture...
  public let outside: Int
  /// ...or in a pixel without data, or one that is wholly transparent.
  public let withoutData: Int
}

extension PointCloud {
  /// The cloud with colours of an orthophoto, in a point format that has them.
  ///
  /// Red, green and blue are the picture's first three bands that are not its transparency, or its only one; 8 bits
  /// become 16 by a factor of 257, as LAS wants them. The picture is read by windows that points lie in.
  ///
  /// - Parameters:
  ///   - path: of a raster that GDAL reads, in the cloud's coordinate system.
  ///   - keepGoing: asked for each window; once it answers false, the work ends.
  /// - Throws: `fileAccess`; `raster`; `unsupported` where the picture has no place on the map, no colours of 8 or 16
  ///   bits, or another coordinate system than the cloud; `cancelled`.
  /// - Complexity: O(points + pixels of windows with points), mostly by one thread; 50 bytes for each point and 60 MB
  ///   for a window, beside the copy.
  public func coloured(
    byPicture path: String, sampling: PixelSampling = .nearest, threads: Int = 1, keepGoing: () -> Bool = { true }
  ) throws(PointCloudError) -> ColouredCloud {
    let photo = try Orthophoto(path: path)
    try requireSameSystem(photo, path)
    let promoted = try promoted(to: format.withColor, wkt: projectionText(), threads: threads)
    var colors = promoted.colors(threads: threads) ?? []
    let places = try coordinates(threads: threads)
    let windows = PictureWindows(photo)
    var keys: [UInt64] = []
    keys.reserveCapacity(count)
    for index in 0..<count { keys.append(windows.key(photo.pixel(places.x[index], places.y[index]))) }
    let groups = Groups(keys: keys, bits: windows.bits, threads: threads)
    var (outside, withoutData) = (0, 0)
    for group in 0..<groups.count {
      try proceed(keepGoing)
      let members = groups.order[groups[group]]
      guard let first = members.first, keys[Int(first)] != windows.outside else {
        outside += members.count
        continue
      }
      let part = try windows.read(keys[Int(first)], photo)
      for index in members.lazy.map({ Int($0) }) {
        let place = photo.pixel(places.x[index], places.y[index])
        if let color = part.color(place, sampling) { colors[index] = color } else { withoutData += 1 }
      }
    }
    return ColouredCloud(
      cloud: try promoted.setting(colors: colors, threads: threads), outside: outside, withoutData: withoutData)
  }

  private func requireSameSystem(_ photo: Orthophoto, _ path: String) throws(PointCloudError) {
    guard let wkt = photo.wkt, let own = try coordinateSystem() else { return }
    let other = try CoordinateSystem(wkt: wkt)
    if own.wkt == other.wkt || (own.epsg != nil && own.epsg == other.epsg) { return }
    // Names of systems of the same number differ, and a compound one has that of its plane.
    throw PointCloudError(
      .unsupported, "'\(path)' is in \(other.name), the points are in \(own.name)",
      remedy: "Reproject one of them first.")
  }
}

/// Squares of a picture that are read at a time.
private struct PictureWindows {
  private let columns: Int
  private let rows: Int
  private let across: Int
  /// The key of places outside the picture.
  let outside: UInt64

  /// The side of a window, in pixels.
  private static let side = 2_048

  init(_ photo: Orthophoto) {
    (columns, rows) = (photo.columns, photo.rows)
    across = (columns + Self.side - 1) / Self.side
    outside = UInt64(across * ((rows + Self.side - 1) / Self.side))
  }

  var bits: Int { UInt64.bitWidth - outside.leadingZeroBitCount }

  func key(_ place: SIMD2<Double>) -> UInt64 {
    // The far border belongs to the picture, too.
    guard place.x >= 0, place.y >= 0, place.x <= Double(columns), place.y <= Double(rows) else { return outside }
    let (column, row) = (min(columns - 1, Int(place.x)), min(rows - 1, Int(place.y)))
    return UInt64(row / Self.side * across + column / Self.side)
  }

  /// A window with one pixel around it, as far as there is one.
  func read(_ key: UInt64, _ photo: Orthophoto) throws(PointCloudError) -> PicturePart {
    let (row, column) = Int(key).quotientAndRemainder(dividingBy: across)
    let wide = max(0, column * Self.side - 1)..<min(columns, (column + 1) * Self.side + 1)
    let high = max(0, row * Self.side - 1)..<min(rows, (row + 1) * Self.side + 1)
    return PicturePart(columns: wide, rows: high, pixels: try photo.window(columns: wide, rows: high))
  }
}

private struct PicturePart {
  let columns: Range<Int>
  let rows: Range<Int>
  let pixels: [SIMD4<UInt16>]

  private func pixel(_ column: Int, _ row: Int) -> SIMD4<UInt16> {
    let column = min(max(column, columns.lowerBound), columns.upperBound - 1) - columns.lowerBound
    let row = min(max(row, rows.lowerBound), rows.upperBound - 1) - rows.lowerBound
    return pixels[row * columns.count + column]
  }

  /// Nil where the pixel at a place has no data.
  func color(_ place: SIMD2<Double>, _ sampling: PixelSampling) -> SIMD3<UInt16>? {
    let own = pixel(Int(place.x), Int(place.y))
    guard own.w > 0 else { return nil }
    guard sampling == .bilinear else { return SIMD3(own.x, own.y, own.z) }
    let middle = place - SIMD2(repeating: 0.5)
    let corner = middle.rounded(.down)
    let share = middle - corner
    var (sum, weights) = (SIMD3<Double>.zero, 0.0)
    for (across, along) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
      let near = pixel(Int(corner.x) + across, Int(corner.y) + along)
      guard near.w > 0 else { continue }
      let weight = (across == 0 ? 1 - share.x : share.x) * (along == 0 ? 1 - share.y : share.y)
      sum += SIMD3(Double(near.x), Double(near.y), Double(near.z)) * weight
      weights += weight
    }
    guard weights > 0 else { return SIMD3(own.x, own.y, own.z) }
    let mean = (sum / weights).rounded(.toNearestOrAwayFromZero)
    return SIMD3(UInt16(mean.x), UInt16(mean.y), UInt16(mean.z))
  }
}
