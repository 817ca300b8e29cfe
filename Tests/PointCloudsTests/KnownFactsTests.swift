import PointClouds
import Testing

/// What another reader found in the shared files, in `lidar/facts.tsv`.
@Suite struct KnownFactsTests {
  private struct Fact {
    let pointCount: Int
    let classes: [UInt8: Int]
    let returnsMax: Int
  }

  /// Columns: path, size, version, format, `n=…`, `cls={class: count, …}`, `ret=…`.
  private func facts() throws -> [String: Fact] {
    let text = String(decoding: try bytes(ofFile: "\(SharedData.folder ?? "")/lidar/facts.tsv"), as: UTF8.self)
    var facts: [String: Fact] = [:]
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: "\t")
      guard fields.count >= 7, let name = fields[0].split(separator: "/").last else { continue }
      let pairs = fields[5].dropFirst(5).dropLast().split(separator: ",").map { pair in
        pair.split(separator: ":").compactMap { Int($0.filter(\.isNumber)) }
      }
      let classes = Dictionary(uniqueKeysWithValues: pairs.filter { $0.count == 2 }.map { (UInt8($0[0]), $0[1]) })
      facts[String(name)] = Fact(
        pointCount: try #require(Int(fields[4].dropFirst(2))), classes: classes,
        returnsMax: try #require(Int(fields[6].dropFirst(4))))
    }
    return facts
  }

  @Test func `points, classes and returns are those that another reader found`() throws {
    guard !SharedData.isAbsent else { return }
    let facts = try facts()
    var compared = 0
    for folder in ["formats", "ahn3", "forest", "tiles"] {
      for path in SharedData.files(in: "lidar/\(folder)", endings: [".las", ".laz"]) {
        let name = String(path.split(separator: "/").last ?? "")
        guard let fact = facts[name] else { continue }
        do throws(PointCloudError) {
          let cloud = try PointCloud.read(path: path, threads: 2)
          let counts = Dictionary(cloud.classifications().map { ($0, 1) }, uniquingKeysWith: +)
          #expect(cloud.count == fact.pointCount, "\(name)")
          #expect(counts == fact.classes, "\(name)")
          #expect(Int(cloud.returnNumbers().max() ?? 0) == fact.returnsMax, "\(name)")
          compared += 1
        } catch {
          #expect(error.code == .unsupported, "\(name): \(error)")
        }
      }
    }
    print("\(compared) files hold what another reader found in them")
    #expect(compared >= 20)
  }
}
