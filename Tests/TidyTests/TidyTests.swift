import Foundation
import Testing

/// The house rules that a machine can check. The numbers are ratchets: they may be lowered, never raised.
@Suite struct TidyTests {
  static let fileLinesMax = 500
  static let fileLinesMedianMax = 110
  static let functionLinesMax = 60
  static let functionLinesNinthDecileMax = 24

  /// The floors, lowest first: a module may import only what stands on a lower one.
  static let floors: [[String]] = [
    ["StrataCore", "Numerics"],
    ["StrataScheduling", "StrataRuntime", "StrataArtifacts", "StrataAPI", "PointClouds"],
    ["StrataQueue", "StrataLedger", "StrataClient", "StrataStack"],
    ["StrataControl", "StrataWorker"],
    ["StrataServer", "Capabilities", "StrataFaults", "StrataSimulation"],
    ["strata", "strata-bench", "strata-faults", "strata-simulate"],
  ]

  /// Each C library has one adapter, and nobody else imports it. (CLinux is the operating system, like Glibc.)
  static let adapters: [String: String] = [
    "CHiredis": "queues/redis", "CPostgreSQL": "Sources/StrataLedger/PostgreSQL",
    "CHTTPParser": "Sources/StrataServer/HTTP", "CGDAL": "workers/pointclouds/gdal",
    "CCrypto": "Sources/StrataArtifacts", "CLAPACK": "workers/numerics/algebra",
    "CCurl": "Sources/StrataClient", "CQueueScripts": "queues/redis", "CLedgerScripts": "Sources/StrataLedger/Scripts",
    "CCapabilityDefinitions": "workers/capabilities",
  ]

  static let folders: [(prefix: String, module: String)] = [
    ("queues/", "StrataQueue"), ("workers/numerics/", "Numerics"), ("workers/pointclouds/", "PointClouds"),
    ("workers/runtime/", "StrataWorker"), ("workers/capabilities/", "Capabilities"),
    ("benchmarks/", "strata-bench"),
  ]

  static func module(of path: String) -> String {
    if let known = folders.first(where: { path.hasPrefix($0.prefix) }) { return known.module }
    return path.split(separator: "/").dropFirst().first.map(String.init) ?? ""
  }

  static func imports(of file: SourceTree.File) -> [String] {
    // Looking for the word first: a regular expression for every line of the project takes seconds.
    file.lines.lazy.filter { $0.contains("import ") }.compactMap { line in
      line.firstMatch(of: /^\s*(?:public |package |internal )?(?:@preconcurrency )?import (\w+)/).map { String($0.1) }
    }
  }

  @Test func importsPointDown() {
    let height = Dictionary(
      uniqueKeysWithValues: Self.floors.enumerated().flatMap { level, names in names.map { ($0, level) } })
    for file in SourceTree.swift {
      guard let own = height[Self.module(of: file.path)] else {
        Issue.record("\(file.path): its module stands on no floor; add it to TidyTests.floors")
        continue
      }
      for name in Self.imports(of: file) {
        guard let other = height[name] else { continue }
        #expect(other < own, "\(file.path) imports \(name), which does not stand below it")
      }
    }
  }

  @Test func eachCLibraryHasOneAdapter() {
    for file in SourceTree.swift {
      for name in Self.imports(of: file)
      where name != "CLinux" && name.hasPrefix("C") && name.dropFirst().first?.isUppercase == true {
        let home = Self.adapters[name]
        #expect(
          home.map(file.path.hasPrefix) == true, "\(file.path) imports \(name), whose only home is \(home ?? "nowhere")"
        )
      }
    }
  }

  @Test func filesStaySmall() {
    for file in SourceTree.swift + SourceTree.tests + SourceTree.other where !file.path.hasSuffix(".md") {
      #expect(file.lines.count <= Self.fileLinesMax, "\(file.path) has \(file.lines.count) lines")
    }
    let sizes = SourceTree.swift.map(\.lines.count).sorted()
    #expect(sizes[sizes.count / 2] <= Self.fileLinesMedianMax, "the median file has \(sizes[sizes.count / 2]) lines")
  }

  @Test func functionsStaySmall() {
    let functions = SourceTree.swift.flatMap(FunctionSpan.all)
    for function in functions {
      #expect(function.lines <= Self.functionLinesMax, "\(function.place) has \(function.lines) lines")
    }
    let sizes = functions.map(\.lines).sorted()
    #expect(sizes.count > 100)
    let decile = sizes[sizes.count * 9 / 10]
    #expect(decile <= Self.functionLinesNinthDecileMax, "one function in ten has more than \(decile) lines")
  }

  @Test func nothingIsForcedOutsideTests() {
    for file in SourceTree.swift {
      for (index, line) in file.lines.enumerated() where line.utf8.contains(UInt8(ascii: "!")) {
        let code = line.replacing(/\/\/.*$/, with: "").replacing(/"[^"]*"/, with: "\"\"")
        let isForced = code.contains(/\btry!|\bas!|[\w\)\]]!(?!=)(?:[\s.,)\]\[(?:]|$)/)
        #expect(!isForced, "\(file.path):\(index + 1) forces: \(line.trimmingCharacters(in: .whitespaces))")
      }
    }
  }

  @Test func nothingIsLeftUnfinishedAndNoMachineIsNamed() {
    let marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X:", " /wo" + "rk/", "\"/wo" + "rk/main", "/ro" + "ot/"]
    for file in SourceTree.swift + SourceTree.tests + SourceTree.other {
      for (index, line) in file.lines.enumerated() {
        for mark in marks {
          #expect(!line.contains(mark), "\(file.path):\(index + 1) contains '\(mark)'")
        }
      }
    }
  }

  /// What the controller and the ledger say reaches people through the command line too, where there are no routes.
  @Test func whatIsToldNamesNoRoutes() {
    let floors = ["Sources/StrataControl/", "Sources/StrataLedger/"]
    for file in SourceTree.swift where floors.contains(where: file.path.hasPrefix) {
      for (index, line) in file.lines.enumerated() where line.contains("/v1/") {
        let isComment = line.trimmingCharacters(in: .whitespaces).hasPrefix("//")
        #expect(isComment, "\(file.path):\(index + 1) names a route: say what to do, not where")
      }
    }
  }

  @Test func linksInTheDocumentsLeadSomewhere() throws {
    let top = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].compactMap { name in
      (try? String(contentsOf: SourceTree.root.appendingPathComponent(name), encoding: .utf8))
        .map { SourceTree.File(path: name, lines: $0.components(separatedBy: "\n")) }
    }
    #expect(top.count == 3)
    for file in top + SourceTree.other where file.path.hasSuffix(".md") {
      for link in file.lines.flatMap({ $0.matches(of: /\]\(([^)#:]+)(?:#[^)]*)?\)/).map { String($0.1) } }) {
        let target = SourceTree.root.appendingPathComponent(file.folder).appendingPathComponent(link)
        #expect(
          FileManager.default.fileExists(atPath: target.path), "\(file.path) links to \(link), which is not there")
      }
    }
  }
}
