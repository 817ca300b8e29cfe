/// A point and points near it, as a sweep over a tree shows them. It is good only during the call that it is given to.
@safe public struct Neighbourhood {
  /// The index of the point in the middle.
  public let point: Int
  /// How many neighbours there are, the point itself among them.
  public let count: Int
  let squares: UnsafePointer<Double>
  let slots: UnsafePointer<Int32>
  let x: UnsafePointer<Double>
  let y: UnsafePointer<Double>
  let z: UnsafePointer<Double>
  let indices: UnsafePointer<Int32>
  let middle: SIMD3<Double>

  /// The index of a neighbour, counted from 0.
  public func index(_ place: Int) -> Int {
    precondition(place >= 0 && place < count)
    return unsafe Int(indices[Int(slots[place])])
  }

  /// The square of a neighbour's distance.
  public func squaredDistance(_ place: Int) -> Double {
    precondition(place >= 0 && place < count)
    return unsafe squares[place]
  }

  /// From the point in the middle to a neighbour.
  public func offset(_ place: Int) -> SIMD3<Double> {
    precondition(place >= 0 && place < count)
    let slot = unsafe Int(slots[place])
    return unsafe SIMD3(x[slot], y[slot], z[slot]) - middle
  }

  /// Sums over the neighbours in the places of a range, added to `moments`.
  @inline(__always) public func add(_ places: Range<Int>, to moments: inout Moments3) {
    precondition(places.lowerBound >= 0 && places.upperBound <= count)
    var (sumXY, squareXY) = (SIMD2<Double>.zero, SIMD2<Double>.zero)
    var (sumZ, zz, xy, mixed) = (0.0, 0.0, 0.0, SIMD2<Double>.zero)
    for place in places {
      let slot = unsafe Int(slots[place])
      let flat = unsafe SIMD2(x[slot] - middle.x, y[slot] - middle.y)
      let height = unsafe z[slot] - middle.z
      sumXY += flat
      sumZ += height
      squareXY += flat * flat
      mixed += flat * height
      xy += flat.x * flat.y
      zz += height * height
    }
    moments.count += Double(places.count)
    moments.sum += SIMD3(sumXY, sumZ)
    moments.products.xx += squareXY.x
    moments.products.yy += squareXY.y
    moments.products.xz += mixed.x
    moments.products.yz += mixed.y
    moments.products.xy += xy
    moments.products.zz += zz
  }
}

/// Sums over points, from which their mean and covariance come. Counted from a place near them, they lose no digits.
public struct Moments3: Hashable, Sendable {
  public var count = 0.0
  public var sum = SIMD3<Double>.zero
  public var products = SymmetricMatrix3(xx: 0, xy: 0, xz: 0, yy: 0, yz: 0, zz: 0)

  public init() {}

  public mutating func add(_ place: SIMD3<Double>) {
    count += 1
    sum += place
    products.xx += place.x * place.x
    products.xy += place.x * place.y
    products.xz += place.x * place.z
    products.yy += place.y * place.y
    products.yz += place.y * place.z
    products.zz += place.z * place.z
  }

  public var mean: SIMD3<Double> { sum / max(1, count) }

  /// The mean of the products of what each coordinate is from its mean: the sum over the points divided by their number.
  @inline(__always) public var covariance: SymmetricMatrix3 {
    let weight = 1 / max(1, count)
    let mean = sum * weight
    return SymmetricMatrix3(
      xx: products.xx * weight - mean.x * mean.x, xy: products.xy * weight - mean.x * mean.y,
      xz: products.xz * weight - mean.x * mean.z, yy: products.yy * weight - mean.y * mean.y,
      yz: products.yz * weight - mean.y * mean.z, zz: products.zz * weight - mean.z * mean.z)
  }
}
