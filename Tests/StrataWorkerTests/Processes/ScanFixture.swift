import PointClouds

/// A small simulated scan.
enum ScanFixture {
  static func write(to path: String) throws {
    let cloud = try ScanSimulator(seed: 7, points: 5_000).makeCloud()
    try cloud.write(path: path, classifications: [UInt8](repeating: 1, count: cloud.count))
  }
}
