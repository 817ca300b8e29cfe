/// One part of the landscape, prepared so that pulses of one flight strip meet it quickly: the ground on a lattice, and
/// for each small square which things stand in the way of pulses that reach the ground there.
struct LandscapePart {
  /// Where the scanner is while it scans this part.
  struct View {
    /// Its x; it flies along y.
    let x: Double
    /// Its height.
    let height: Double

    /// How far a pulse that reaches the mean level at `x` goes sideways for each metre down.
    func slant(_ x: Double) -> Double { (x - self.x) / (height - SimulatedTerrain.level) }
  }

  private static let step = 2.0
  private static let bin = 4.0
  /// Pulses reach the ground as far beside the place they are aimed at, on the hills and valleys there are.
  private static let margin = 40.0

  let things: SimulatedThings
  private let west: Double
  private let south: Double
  private let columns: Int
  private let ground: [SIMD4<Float>]
  private let binColumns: Int
  private let binRows: Int
  /// Where the things of each bin begin in `members`; one more than bins.
  private var starts: [Int32]
  private var members: [Int32]

  init(_ landscape: SimulatedLandscape, _ area: SimulatedLandscape.Area, from view: View) {
    // Lattices of neighbouring parts are the same one.
    west = ((area.west - Self.margin) / Self.step).rounded(.down) * Self.step
    south = ((area.south - 2 * Self.step) / Self.step).rounded(.down) * Self.step
    let (width, length) = (area.east + Self.margin - west, area.north + 2 * Self.step - south)
    columns = Int(width / Self.step) + 2
    let rows = Int(length / Self.step) + 2
    let (west, south, columns) = (west, south, columns)
    ground = (0..<rows * columns).map { index in
      let (row, column) = index.quotientAndRemainder(dividingBy: columns)
      return landscape.terrain.place(west + Double(column) * Self.step, south + Double(row) * Self.step).values
    }
    (binColumns, binRows) = (Int(width / Self.bin) + 1, Int(length / Self.bin) + 1)
    things = landscape.things(
      in: SimulatedLandscape.Area(
        west: west - Self.margin, east: west + width + Self.margin, south: south, north: south + length))
    (starts, members) = ([], [])
    sortIntoBins(view)
  }

  /// What there is at a place, between the lattice's nodes. Places outside are those of the border.
  @inline(__always) func place(_ x: Double, _ y: Double) -> SimulatedTerrain.Place {
    let (u, v) = ((x - west) / Self.step, (y - south) / Self.step)
    let rows = ground.count / columns
    let (column, row) = (min(max(0, Int(u)), columns - 2), min(max(0, Int(v)), rows - 2))
    let (s, t) = (Float(u - Double(column)), Float(v - Double(row)))
    let index = row * columns + column
    let low = ground[index] + (ground[index + 1] - ground[index]) * s
    let high = ground[index + columns] + (ground[index + columns + 1] - ground[index + columns]) * s
    return SimulatedTerrain.Place(values: low + (high - low) * t)
  }

  /// The things that a pulse may meet that reaches the ground at a place: solids, then leaves, then wires, numbered
  /// through.
  @inline(__always) func members(_ x: Double, _ y: Double) -> ArraySlice<Int32> {
    let (column, row) = (Int((x - west) / Self.bin), Int((y - south) / Self.bin))
    guard column >= 0, column < binColumns, row >= 0, row < binRows else { return [] }
    let bin = row * binColumns + column
    return members[Int(starts[bin])..<Int(starts[bin + 1])]
  }

  /// Counting sort: how many things each bin has, where each begins, then the things themselves.
  private mutating func sortIntoBins(_ view: View) {
    let footprints = things.solids.map(\.footprint) + things.leaves.map(\.footprint) + things.wires.map(\.footprint)
    let places = footprints.map { bins($0, view) }
    starts = [Int32](repeating: 0, count: binColumns * binRows + 1)
    for (columns, rows) in places {
      for row in rows { for column in columns { starts[row * binColumns + column + 1] += 1 } }
    }
    for bin in 0..<binColumns * binRows { starts[bin + 1] += starts[bin] }
    var next = starts
    members = [Int32](repeating: 0, count: Int(starts[binColumns * binRows]))
    for (index, (columns, rows)) in places.enumerated() {
      for row in rows {
        for column in columns {
          let bin = row * binColumns + column
          members[Int(next[bin])] = Int32(index)
          next[bin] += 1
        }
      }
    }
  }

  /// Where pulses reach the ground that meet a thing: beside it by as much as they are slanted and it is high.
  private func bins(_ place: SimulatedThings.Footprint, _ view: View) -> (columns: Range<Int>, rows: Range<Int>) {
    // The ground beside may lie deeper than the thing's foot.
    let height = place.height + 8
    let low = place.west + min(0, height * view.slant(place.west)) - 0.5
    let high = place.east + max(0, height * view.slant(place.east)) + 0.5
    func range(_ low: Double, _ high: Double, _ count: Int) -> Range<Int> {
      let first = max(0, Int((low / Self.bin).rounded(.down)))
      let last = min(count - 1, Int((high / Self.bin).rounded(.down)))
      return first <= last ? first..<last + 1 : 0..<0
    }
    return (range(low - west, high - west, binColumns), range(place.south - south, place.north - south, binRows))
  }
}
