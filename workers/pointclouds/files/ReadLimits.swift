/// What a reader refuses to go beyond, so that no file can exhaust the machine.
public struct ReadLimits: Hashable, Sendable {
  public var fileBytesMax: Int
  public var pointsMax: Int
  /// The most bytes of records about a cloud together, those of waveforms among them, and of what is kept beside them.
  public var recordBytesMax: Int
  /// How many times as large as its compressed bytes a file, or a chunk of it, may become. Scans become 4 to 20 times as
  /// large; a file of nothing but one and the same point some hundred times.
  public var expansionMax: Int
  /// How many times as large as its compressed bytes a table (PCD) may become, whose numbers have eight bytes each. Coordinates make it some 2 to 20
  /// times as large, together with columns that say the same of all points.
  public var tableExpansionMax: Int
  /// The bytes to which anything may expand, however few it is made of.
  public var expandedBytesAlwaysAllowed: Int

  public init(
    fileBytesMax: Int = 16 << 30, pointsMax: Int = 500_000_000, recordBytesMax: Int = 1 << 30,
    expansionMax: Int = 1_000, tableExpansionMax: Int = 100, expandedBytesAlwaysAllowed: Int = 96 << 20
  ) {
    self.fileBytesMax = fileBytesMax
    self.pointsMax = pointsMax
    self.recordBytesMax = recordBytesMax
    self.expansionMax = expansionMax
    self.tableExpansionMax = tableExpansionMax
    self.expandedBytesAlwaysAllowed = expandedBytesAlwaysAllowed
  }

  /// - Throws: `limitExceeded` where so few bytes are said to become so many.
  func checkExpansion(
    of compressed: Int, to expanded: Int, _ what: String, at offset: Int
  ) throws(PointCloudError) {
    try checkExpansion(of: compressed, to: expanded, what, at: offset, (expansionMax, "expansionMax"))
  }

  /// The same for the numbers of a table.
  func checkTableExpansion(
    of compressed: Int, to expanded: Int, _ what: String, at offset: Int
  ) throws(PointCloudError) {
    try checkExpansion(of: compressed, to: expanded, what, at: offset, (tableExpansionMax, "tableExpansionMax"))
  }

  private func checkExpansion(
    of compressed: Int, to expanded: Int, _ what: String, at offset: Int, _ limit: (times: Int, name: String)
  ) throws(PointCloudError) {
    let (allowed, overflow) = compressed.multipliedReportingOverflow(by: limit.times)
    guard !overflow, expanded > max(allowed, expandedBytesAlwaysAllowed) else { return }
    throw PointCloudError(
      .limitExceeded, "\(what) would make \(expanded) bytes of \(compressed), more than \(limit.times) times as many",
      remedy: "Check where the file comes from; if it is sound, raise the limit `\(limit.name)`.", offset: offset)
  }

  func checkRecordBytes(_ count: Int, at offset: Int) throws(PointCloudError) {
    guard count > recordBytesMax else { return }
    throw PointCloudError(
      .limitExceeded, "the records about the points have \(count) bytes, more than the \(recordBytesMax) allowed",
      remedy: "Leave out what is not needed (waveforms, most often), or raise the limit `recordBytesMax`.",
      offset: offset)
  }

  func checkPoints(_ count: UInt64) throws(PointCloudError) {
    guard count > UInt64(pointsMax) else { return }
    throw PointCloudError(
      .limitExceeded, "the header announces \(count) points, more than the \(pointsMax) allowed",
      remedy: "Split the file into tiles, or raise the limit `pointsMax`.", offset: 107)
  }
}
