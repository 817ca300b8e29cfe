import PointClouds
import StrataCore
import TestSupport
import Testing

@Suite struct SimulationTests {
  private func cloud(_ parameters: SimulationParameters, threads: Int = 2) throws -> PointCloud {
    let folder = try TemporaryFolder()
    try ScanSimulator(parameters).write(path: "\(folder.path)/scan", threads: threads)
    return try PointCloud.read(path: "\(folder.path)/scan", threads: 2)
  }

  /// Scan angles of a cloud in format 6, in degrees.
  private func angles(_ cloud: PointCloud) -> [Double] {
    let bytes = cloud.recordBytes
    return (0..<cloud.count).map { index in
      let place = index * 30 + 18
      let bits = UInt16(bytes[place]) | UInt16(bytes[place + 1]) << 8
      return Double(Int16(bitPattern: bits)) * 0.006
    }
  }

  /// One kilometre by 700 m in three strips, thin enough to be quick.
  private static let country = SimulationParameters(
    seed: 5, extent: .site(width: 1_000, length: 700), density: 0.5, stripWidth: 400)

  @Test(arguments: [1, 6, 7]) func `the same seed gives the same bytes on any number of threads`(format: Int) throws {
    let folder = try TemporaryFolder()
    var parameters = SimulationParameters(seed: testSeed, extent: .points(150_000), density: 4, pointFormat: format)
    parameters.isCompressed = format == 7
    var files: [[UInt8]] = []
    for threads in [1, 2, 5] {
      let summary = try ScanSimulator(parameters).write(path: "\(folder.path)/a", threads: threads)
      #expect(summary.points == 150_000 && summary.pointsByClass.values.reduce(0, +) == 150_000)
      files.append(try bytes(ofFile: "\(folder.path)/a"))
    }
    #expect(files[0] == files[1] && files[0] == files[2], "seed \(testSeed)")
    parameters.seed = ~parameters.seed
    try ScanSimulator(parameters).write(path: "\(folder.path)/b")
    #expect(try bytes(ofFile: "\(folder.path)/b") != files[0])
  }

  @Test(arguments: [0, 1, 2, 3, 6, 7, 8]) func `each format has the same points, compressed or not`(format: Int) throws
  {
    var parameters = SimulationParameters(seed: 4, extent: .points(20_000), pointFormat: format)
    let plain = try cloud(parameters)
    parameters.isCompressed = true
    let compressed = try cloud(parameters)
    let isSameCompressed = plain.recordBytes == compressed.recordBytes
    #expect(plain.format.number == format && plain.count == 20_000 && isSameCompressed)
    // Compared outside of expectations, which look for differences between long columns for minutes.
    let isSameInMemory = try ScanSimulator(parameters).makeCloud().recordBytes == plain.recordBytes
    #expect(isSameInMemory)
    parameters.pointFormat = 6
    let reference = try cloud(parameters)
    for axis in 0..<3 { #expect(plain.integers(axis: axis) == reference.integers(axis: axis)) }
    #expect(plain.classifications() == reference.classifications() && plain.intensities() == reference.intensities())
    #expect(plain.returnNumbers() == reference.returnNumbers())
    #expect((plain.colors() != nil) == [2, 3, 7, 8].contains(format))
    if let times = plain.times() { #expect(times == reference.times()) }
  }

  /// Returns of a pulse follow one another from above, numbered through; time grows; strips have numbers of their own.
  @Test func `pulses come back in order`() throws {
    let cloud = try cloud(Self.country)
    let (numbers, counts) = (cloud.returnNumbers(), cloud.returnCounts())
    let (times, heights) = (try #require(cloud.times()), cloud.integers(axis: 2))
    var (index, faults) = (0, 0)
    while index < cloud.count {
      let count = Int(counts[index])
      guard count >= 1, count <= 5, index + count <= cloud.count else { throw PointCloudError.outOfOrder(index) }
      for place in 0..<count {
        let isNumbered = Int(numbers[index + place]) == place + 1 && Int(counts[index + place]) == count
        // Noise of 3 cm, and echoes that are at least 0.8 m apart, but for stray ones.
        let isBelow = place == 0 || heights[index + place] < heights[index + place - 1] + 400
        if !isNumbered || !isBelow || times[index + place] != times[index] { faults += 1 }
      }
      if index > 0, times[index] <= times[index - 1] { faults += 1 }
      index += count
    }
    #expect(faults == 0)
    #expect(counts.contains { $0 >= 4 })
    let bytes = cloud.recordBytes
    let sources = stride(from: 20, to: bytes.count, by: 30).map { bytes[$0] }
    #expect(Set(sources) == [1, 2, 3] && zip(sources, sources.dropFirst()).allSatisfy { $0 <= $1 })
  }

  @Test func `the site is covered as densely as was asked for, twice where strips overlap`() throws {
    var parameters = Self.country
    (parameters.hasWater, parameters.highNoiseRate, parameters.lowNoiseRate) = (false, 0, 0)
    let cloud = try cloud(parameters)
    let firsts = cloud.returnNumbers().count { $0 == 1 }
    // Three strips of a third of 1,000 m and a fifth more.
    let expected: Double = 0.5 * 3 * 400 * 700
    let share = Double(firsts) / expected
    #expect((0.99...1.01).contains(share))
    let header = cloud.header
    // Outer strips look a tenth of a strip beyond the site, and slanted pulses reach a little further on low ground.
    #expect((-50...(-20)).contains(header.minimum.x) && (1_020...1_050).contains(header.maximum.x))
    #expect((-1...2).contains(header.minimum.y) && (698...701).contains(header.maximum.y))
    let angles = angles(cloud)
    let (most, least) = (angles.max() ?? 0, angles.min() ?? 0)
    // A swath of 400 m seen from 700 m: atan(200 / 700).
    #expect((15.745...16.145).contains(most) && (-16.145...(-15.745)).contains(least))
  }

  /// What the classes say is so by the heights: brute force over the ground points next to each.
  @Test func `classes are true`() throws {
    var parameters = Self.country
    (parameters.density, parameters.highNoiseRate, parameters.lowNoiseRate) = (1, 0.002, 0.002)
    let cloud = try cloud(parameters)
    let classes = cloud.classifications()
    let (x, y, z) = (cloud.integers(axis: 0), cloud.integers(axis: 1), cloud.integers(axis: 2))
    var ground: [SIMD2<Int32>: (sum: Double, count: Double)] = [:]
    func cell(_ index: Int) -> SIMD2<Int32> { SIMD2(x[index] / 4_000, y[index] / 4_000) }
    for index in 0..<cloud.count where [2, 9, 11].contains(classes[index]) {
      let old = ground[cell(index)] ?? (0, 0)
      ground[cell(index)] = (old.sum + Double(z[index]) / 1_000, old.count + 1)
    }
    var heights: [UInt8: [Double]] = [:]
    for index in 0..<cloud.count {
      guard let below = ground[cell(index)] else { continue }
      heights[classes[index], default: []].append(Double(z[index]) / 1_000 - below.sum / below.count)
    }
    // Cells of 4 m on slopes of at most a half: within 2 m of the mean, most of it within much less. High noise is 40 to 160 m above
    // where its pulse meets the ground, up to 46 m beside that.
    let ranges: [UInt8: ClosedRange<Double>] = [
      2: -3...3, 3: -3...4, 4: -3...6, 5: 0...40, 6: -3...25, 7: -25...0.5, 9: -3...3, 11: -3...3, 14: 8...32,
      15: -3...30, 18: 16...184,
    ]
    #expect(Set(heights.keys) == Set(ranges.keys), "\(heights.mapValues(\.count))")
    for (kind, range) in ranges {
      let own = try #require(heights[kind]).sorted()
      #expect(range.contains(own[0]) && range.contains(own[own.count - 1]), "class \(kind): \(own[0])…\(own.last!)")
    }
    let plants = try #require(heights[5]).sorted()
    #expect((4...16).contains(plants[plants.count / 2]))
  }

  @Test func `a lake is level and comes back only from below the scanner`() throws {
    let cloud = try cloud(Self.country)
    let classes = cloud.classifications()
    let water = cloud.integers(axis: 2).indices.filter { classes[$0] == 9 }
    try #require(water.count > 50)
    let z = cloud.integers(axis: 2)
    // Lakes differ in height; in each the deviation is that of the heights' noise.
    var lakes: [[Double]] = []
    for index in water {
      let height = Double(z[index]) / 1_000
      if let lake = lakes.firstIndex(where: { abs($0[0] - height) < 0.3 }) {
        lakes[lake].append(height)
      } else {
        lakes.append([height])
      }
    }
    let lake = try #require(lakes.max { $0.count < $1.count })
    let mean = lake.reduce(0, +) / Double(lake.count)
    let deviation = (lake.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(lake.count)).squareRoot()
    #expect((0.02...0.04).contains(deviation), "\(lakes.map(\.count)) \(deviation)")
    let angles = angles(cloud)
    #expect(water.allSatisfy { abs(angles[$0]) < 7.2 })
  }

  /// A share p of n pulses is np, give or take five deviations.
  @Test func `noise comes as often as is asked for`() throws {
    var parameters = Self.country
    (parameters.highNoiseRate, parameters.lowNoiseRate) = (0.01, 0.003)
    // Gone with the last that holds it.
    let folder = try TemporaryFolder()
    let summary = try ScanSimulator(parameters).write(path: "\(folder.path)/a")
    let pulses: Double = 0.5 * 3 * 400 * 700
    for (kind, rate) in [(UInt8(18), 0.01), (7, 0.003)] {
      let count = Double(summary.pointsByClass[kind] ?? 0)
      let expected: Double = rate * pulses
      let most: Double = 5 * expected.squareRoot() + 0.01 * expected
      #expect(abs(count - expected) < most)
    }
  }

  @Test func `what is not wanted is not there`() throws {
    var parameters = Self.country
    (parameters.hasWater, parameters.hasPowerLines, parameters.hasRoads) = (false, false, false)
    (parameters.highNoiseRate, parameters.lowNoiseRate) = (0, 0)
    #expect(Set(try cloud(parameters).classifications()) == [2, 3, 4, 5, 6])
  }

  @Test(arguments: [false, true]) func `a simulation that is given up leaves nothing behind`(isCompressed: Bool) throws
  {
    let folder = try TemporaryFolder()
    var parameters = Self.country
    parameters.isCompressed = isCompressed
    for limit in [0, 3] {
      var shares: [Double] = []
      let error = #expect(throws: PointCloudError.self) {
        try ScanSimulator(parameters).write(path: "\(folder.path)/a", threads: 2) { share in
          shares.append(share)
          return shares.count <= limit
        }
      }
      #expect(error?.code == .cancelled && shares.count <= limit + 8)
    }
    #expect(Set(namesInFolder(folder.path)) == [".", ".."])
  }

  @Test func `parameters out of their range are named`() throws {
    let changes: [(String, (inout SimulationParameters) -> Void)] = [
      ("points", { $0.extent = .points(0) }), ("points", { $0.extent = .points(.max) }),
      ("width", { $0.extent = .site(width: .nan, length: 5) }),
      ("length", { $0.extent = .site(width: 5, length: 1e300) }),
      ("density", { $0.density = 0 }), ("strip_width", { $0.stripWidth = .infinity }), ("overlap", { $0.overlap = 1 }),
      ("flying_height", { $0.flyingHeight = 1 }), ("height_noise", { $0.heightNoise = -1 }),
      ("high_noise_rate", { $0.highNoiseRate = 1.5 }), ("low_noise_rate", { $0.lowNoiseRate = .nan }),
      ("format", { $0.pointFormat = 4 }), ("format", { $0.pointFormat = -1 }),
    ]
    for (name, change) in changes {
      var parameters = SimulationParameters()
      change(&parameters)
      let error = #expect(throws: PointCloudError.self) { try ScanSimulator(parameters).makeCloud() }
      #expect(error?.code == .invalidParameter && error?.message.contains(name) == true, "\(name): \(error!)")
    }
  }
}

extension PointCloudError {
  fileprivate static func outOfOrder(_ index: Int) -> Self {
    Self(.corrupt, "point \(index) has an impossible number of returns", remedy: "See what the simulator writes.")
  }
}
