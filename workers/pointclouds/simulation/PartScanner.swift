import Glibc

/// Scans parts of strips, each from its own place in the randomness, into LAS records.
struct PartScanner: Sendable {
  /// What came of one part.
  struct Result: Sendable {
    var records: [UInt8]
    var count: Int
    var byClass: [Int]
  }

  let plan: FlightPlan
  private let parameters: SimulationParameters
  private let landscape: SimulatedLandscape
  private let layout: RecordLayout

  /// Horizontal noise: the beam is not a line.
  private static let placeNoise = 0.02

  init(_ parameters: SimulationParameters, _ format: PointFormat) {
    self.parameters = parameters
    plan = FlightPlan(parameters)
    landscape = SimulatedLandscape(parameters)
    layout = RecordLayout(format)
  }

  func scan(_ number: Int) -> Result {
    let part = plan.part(number)
    let view = LandscapePart.View(
      x: plan.middle(ofStrip: part.strip), height: SimulatedTerrain.level + parameters.flyingHeight)
    let land = LandscapePart(landscape, plan.area(part), from: view)
    var random = SplitMix(parameters.seed, 30, part.strip, part.number)
    let pulses = part.lines.count * plan.pulsesPerLine
    var byClass = [Int](repeating: 0, count: 32)
    var count = 0
    let records = unsafe [UInt8](
      unsafeUninitializedCapacity: pulses * PulseTracer.echoesMax * layout.length
    ) { buffer, initialized in
      guard let base = buffer.baseAddress else { return }
      var tracer = PulseTracer()
      for line in part.lines {
        for pulse in 0..<plan.pulsesPerLine {
          let (shot, y) = aim(part, line, pulse, &random)
          tracer.trace(shot.aim, y, from: view, land, &random)
          addNoise(&tracer, &random)
          for index in 0..<tracer.count {
            byClass[Int(tracer.echoes[index].class)] += 1
            let record = unsafe UnsafeMutableRawPointer(base) + count * layout.length
            let point = point(tracer, index, y, &random)
            unsafe layout.write(point, tracer.echoes[index], index + 1, tracer.count, shot, to: record)
            count += 1
          }
        }
      }
      initialized = count * layout.length
    }
    return Result(records: records, count: count, byClass: byClass)
  }

  /// Some of what came of a part.
  func first(_ count: Int, of result: Result) -> Result {
    let records = Array(result.records.prefix(count * layout.length))
    var byClass = [Int](repeating: 0, count: result.byClass.count)
    for index in 0..<count { byClass[Int(records[index * layout.length + layout.classOffset])] += 1 }
    return Result(records: records, count: count, byClass: byClass)
  }

  private func aim(
    _ part: FlightPlan.Part, _ line: Int, _ pulse: Int, _ random: inout SplitMix
  ) -> (shot: RecordLayout.Shot, y: Double) {
    let isEastward = line.isMultiple(of: 2)
    let place = isEastward ? pulse : plan.pulsesPerLine - 1 - pulse
    let aim = plan.west(ofStrip: part.strip) + (Double(place) + random.unit()) * plan.step
    let y = plan.south(ofLine: line, strip: part.strip) + 0.3 * random.unit() * plan.step
    let offset = aim - plan.middle(ofStrip: part.strip)
    // The left of a strip that is flown southwards is the east.
    let side = part.strip.isMultiple(of: 2) ? offset : -offset
    let shot = RecordLayout.Shot(
      aim: aim, time: plan.time(strip: part.strip, line: line, pulse: pulse), strip: part.strip,
      angle: atan2(side, parameters.flyingHeight) * 180 / .pi, isPositive: isEastward == part.strip.isMultiple(of: 2),
      isEdge: pulse == plan.pulsesPerLine - 1, isOverlap: plan.isOverlap(aim, strip: part.strip))
    return (shot, y)
  }

  private func addNoise(_ tracer: inout PulseTracer, _ random: inout SplitMix) {
    if parameters.highNoiseRate > 0, random.unit() < parameters.highNoiseRate {
      tracer.addNoise(tracer.groundHeight + random.number(in: 40...160), SimulatedClass.highNoise)
    }
    if parameters.lowNoiseRate > 0, random.unit() < parameters.lowNoiseRate {
      tracer.addNoise(tracer.groundHeight - random.number(in: 2...20), SimulatedClass.lowNoise)
    }
  }

  /// Where an echo is measured to be.
  private func point(_ tracer: PulseTracer, _ index: Int, _ y: Double, _ random: inout SplitMix) -> SIMD3<Double> {
    let z = tracer.echoes[index].z
    return SIMD3(
      tracer.reach - tracer.slant * z + Self.placeNoise * random.nearlyNormal(),
      y + Self.placeNoise * random.nearlyNormal(), z + parameters.heightNoise * random.nearlyNormal())
  }
}

/// How a simulated point is a record of its format.
struct RecordLayout: Sendable {
  /// What the echoes of one pulse have in common.
  struct Shot {
    let aim: Double
    let time: Double
    let strip: Int
    /// In degrees, negative on the left.
    let angle: Double
    /// Whether the mirror goes from left to right.
    let isPositive: Bool
    let isEdge: Bool
    let isOverlap: Bool
  }

  static let scale = 0.001
  private static let strips = 65_535

  let length: Int
  var classOffset: Int { format.classificationOffset }
  private let format: PointFormat
  private let time: Int?
  private let color: Int?
  private let infrared: Int?

  init(_ format: PointFormat) {
    self.format = format
    (length, time, color, infrared) = (
      format.baseLength, format.timeOffset, format.colorOffset, format.infraredOffset
    )
  }

  @inline(__always) func write(
    _ place: SIMD3<Double>, _ echo: PulseTracer.Echo, _ number: Int, _ count: Int, _ shot: Shot,
    to record: UnsafeMutableRawPointer
  ) {
    func put(_ value: some BitwiseCopyable, _ offset: Int) {
      unsafe record.storeBytes(of: value, toByteOffset: offset, as: type(of: value))
    }
    // Vectors of floating point are converted far more slowly than their parts.
    let steps = (place / Self.scale).rounded(.toNearestOrEven)
    put(Int32(steps.x), 0)
    put(Int32(steps.y), 4)
    put(Int32(steps.z), 8)
    put(UInt16(min(65_535, max(0, echo.brightness))), 12)
    // Strips are numbered from 1, round and round.
    let source = UInt16(shot.strip % Self.strips + 1)
    let direction: UInt8 = (shot.isPositive ? 0x40 : 0) | (shot.isEdge ? 0x80 : 0)
    if format.isExtended {
      put(UInt8(number | count << 4), 14)
      put(direction | (shot.isOverlap ? 8 : 0), 15)
      put(echo.class, 16)
      put(UInt8(0), 17)
      put(Int16((shot.angle / 0.006).rounded()), 18)
      put(source, 20)
    } else {
      put(UInt8(number | count << 3) | direction, 14)
      put(echo.class, 15)
      put(Int8(shot.angle.rounded()), 16)
      put(UInt8(0), 17)
      put(source, 18)
    }
    if let time { put(shot.time, time) }
    if let color {
      for channel in 0..<3 { put(Self.wide(echo.color[channel]), color + 2 * channel) }
    }
    // Plants are bright in the near infrared, all else about as it is in red.
    if let infrared { put(Self.wide(echo.color.y > echo.color.x ? 2 * echo.color.y : echo.color.x), infrared) }
  }

  /// Of 8 bits, in 16.
  private static func wide(_ value: Float) -> UInt16 { UInt16(min(255, max(0, value))) * 257 }
}
