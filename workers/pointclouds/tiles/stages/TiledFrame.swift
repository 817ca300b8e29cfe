/// What lies around the points of the file that stages write of a scan in tiles, and where in each record the columns go that they add.
struct TiledFrame: Sendable {
  /// Of none of the points.
  let cloud: PointCloud
  /// For each stage that adds columns, where each of those lies in a record.
  private let places: [[Int]]
  private let oldLength: Int
  /// Where in a record each of its extra dimensions lies.
  private let offsets: [String: Int]

  /// - Parameters:
  ///   - stages: those that add columns, in order.
  ///   - labels: what each is called in errors.
  /// - Throws: as adding dimensions to a cloud, with the place of the stage.
  init(_ file: PointFile, _ stages: [any ColumnStage], labels: [String]) throws(PointCloudError) {
    var cloud = try file.withoutPoints()
    oldLength = cloud.header.recordLength
    for (stage, label) in zip(stages, labels) {
      do throws(PointCloudError) {
        cloud = try cloud.adding(stage.columns.map { $0.filled([]) }, isReplacing: true)
      } catch {
        throw error.at(label)
      }
    }
    let offsets = Dictionary(
      ExtraDimension.list(of: cloud).dimensions.map { ($0.name, $0.offset) }, uniquingKeysWith: { first, _ in first })
    places = stages.map { $0.columns.compactMap { offsets[$0.name] } }
    (self.cloud, self.offsets) = (cloud, offsets)
  }

  /// Where in a record a column lies that a stage has added.
  func offset(ofColumn name: String) -> Int? { offsets[name] }

  /// Records of the file as records of the result.
  ///
  /// - Parameter values: of each stage that adds columns, those of each record.
  func filled(_ records: [UInt8], _ values: ArraySlice<[UInt8]>) -> [UInt8] {
    guard !places.isEmpty else { return records }
    let (length, count) = (cloud.header.recordLength, records.count / oldLength)
    let size = MemoryLayout<Float>.size
    var filled = [UInt8](repeating: 0, count: count * length)
    unsafe filled.withUnsafeMutableBytes { target in
      unsafe records.withUnsafeBytes { source in
        for index in 0..<count {
          unsafe target[index * length..<index * length + oldLength].copyBytes(
            from: source[index * oldLength..<(index + 1) * oldLength])
        }
      }
      for (places, values) in zip(places, values) {
        unsafe values.withUnsafeBytes { source in
          for index in 0..<count {
            for (number, place) in places.enumerated() {
              let from = (index * places.count + number) * size
              unsafe target.storeBytes(
                of: source.loadUnaligned(fromByteOffset: from, as: UInt32.self), toByteOffset: index * length + place,
                as: UInt32.self)
            }
          }
        }
      }
    }
    return filled
  }
}
