/// The pages that say where a COPC file's nodes lie. COPC 1.0, "hierarchy" EVLR.
///
/// Only the pages are read that lead to nodes a query wants.
struct COPCHierarchy {
  private let file: InputFile
  private let header: LASHeader
  private let info: COPCInfo

  /// One node's compressed points.
  struct Node: Hashable {
    let key: COPCKey
    let bytes: Range<Int>
    let pointCount: Int
  }

  private static let entryLength = 32
  /// More pages than this are no hierarchy, and not worth the time.
  private static let pagesMax = 1 << 20

  init(_ file: InputFile, _ header: LASHeader, _ info: COPCInfo) {
    self.file = file
    self.header = header
    self.info = info
  }

  /// The nodes down to `level` that touch `bounds`, in the order of the file.
  ///
  /// - Throws: `truncated` or `corrupt` for a page outside the file, a node that cannot exist, nodes that hold more
  ///   points together than the header tells, a page that is reached twice, pages that overlap.
  func nodes(in bounds: Box?, downTo level: Int) throws(PointCloudError) -> [Node] {
    var nodes: [Node] = []
    var pages = [info.rootPage]
    var seen = Set<UInt64>()
    var total: UInt64 = 0
    var bytesRead = 0
    while let page = pages.popLast() {
      guard seen.insert(page.lowerBound).inserted, seen.count <= Self.pagesMax else {
        throw .corrupt("a page of the COPC hierarchy leads back to itself", at: Int(page.lowerBound))
      }
      let found = try entries(page)
      // Pages that lie within each other would be read as often as there are ways to begin in one.
      bytesRead += page.count
      guard bytesRead <= file.byteCount else {
        throw .corrupt("the pages of the COPC hierarchy overlap", at: Int(page.lowerBound))
      }
      for entry in found where entry.key.level <= level {
        if let bounds, !bounds.intersects(entry.key.box(in: info)) { continue }
        guard entry.pointCount >= 0 else {
          pages.append(UInt64(entry.bytes.lowerBound)..<UInt64(entry.bytes.upperBound))
          continue
        }
        total += UInt64(entry.pointCount)
        guard total <= header.pointCount else {
          throw .corrupt("the COPC hierarchy has more points than the header tells", at: Int(page.lowerBound))
        }
        if entry.pointCount > 0 { nodes.append(entry) }
      }
    }
    return nodes.sorted { $0.bytes.lowerBound < $1.bytes.lowerBound }
  }

  private func entries(_ page: Range<UInt64>) throws(PointCloudError) -> [Node] {
    let place = Int(page.lowerBound)
    let count = page.count / Self.entryLength
    let block = try file.read(place..<place + count * Self.entryLength, for: "a page of the COPC hierarchy")
    let reader = ByteReader(block: block)
    var entries: [Node] = []
    entries.reserveCapacity(count)
    for offset in stride(from: 0, to: block.count - Self.entryLength + 1, by: Self.entryLength) {
      let numbers = (0..<4).map { Int(reader.number(at: offset + 4 * $0, as: Int32.self)) }
      let key = COPCKey(level: numbers[0], x: numbers[1], y: numbers[2], z: numbers[3])
      let (start, size) = (
        reader.number(at: offset + 16, as: UInt64.self), reader.number(at: offset + 24, as: Int32.self)
      )
      let points = Int(reader.number(at: offset + 28, as: Int32.self))
      guard key.isPossible, points >= -1, size >= 0, start <= UInt64(file.byteCount),
        Int(start) + Int(size) <= file.byteCount
      else { throw .corrupt("an entry of the COPC hierarchy is impossible", at: place + offset) }
      entries.append(Node(key: key, bytes: Int(start)..<Int(start) + Int(size), pointCount: points))
    }
    return entries
  }
}
