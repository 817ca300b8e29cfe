import Capabilities
import FoundationEssentials
import PointClouds
import StrataArtifacts
import StrataCore
import StrataWorker
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(2))) struct LocalRunTests {
  private let folder = FileManager.default.temporaryDirectory.path + "/strata-local-\(JobID())"

  private func localRun() throws -> LocalRun {
    LocalRun(registry: try Catalogue.registry(), runner: WorkerFixture.command, adoptsOrphans: false)
  }

  @Test func resultsLieWhereTheyWereAskedFor() async throws {
    try FileTree.make(folder)
    let input = folder + "/in.txt"
    #expect(FileManager.default.createFile(atPath: input, contents: Data("abc".utf8)))
    let said = Mutex<[UInt8]>([])
    let report = try await localRun().run(
      "command.run", parametersJSON: #"{"command":["sh","-c","echo hi; cp in.txt output/copy"]}"#, files: [input],
      outputFolder: folder + "/out", log: { bytes in said.withLock { $0 += bytes } })
    #expect(report.error == nil && report.results == [folder + "/out/copy"])
    #expect(FileManager.default.contents(atPath: folder + "/out/copy") == Data("abc".utf8))
    #expect(said.withLock { String(decoding: $0, as: UTF8.self) } == "hi\n")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/out") == ["copy"])
    try FileTree.remove(folder)
  }

  @Test func badRequestsAreRefusedBeforeAnythingIsDone() async throws {
    let run = try localRun()
    await #expect(throws: StrataError.self) { try await run.run("no-such", files: [], outputFolder: folder) }
    await #expect(throws: StrataError.self) {
      try await run.run("pointcloud.ground", files: ["/no/such.las"], outputFolder: folder)
    }
    #expect(!FileTree.exists(folder))
  }

  @Test func aFileThatIsNoScanIsAPermanentError() async throws {
    try FileTree.make(folder)
    let input = folder + "/scan.las"
    #expect(FileManager.default.createFile(atPath: input, contents: Data("not a scan".utf8)))
    let report = try await localRun().run("gis-lidar-process", files: [input], outputFolder: folder + "/out")
    #expect(report.error?.code == "invalid_input" && report.error?.isRetryable == false)
    try FileTree.remove(folder)
  }

  @Test func aScanIsConverted() async throws {
    try FileTree.make(folder)
    let input = folder + "/hill.las"
    try ScanFixture.write(to: input)
    for (format, names) in [("ply", ["hill.ply", "summary.json"]), ("laz", ["hill.laz", "summary.json"])] {
      let report = try await localRun().run(
        "pointcloud.convert", parametersJSON: #"{"format": "\#(format)"}"#, files: [input],
        outputFolder: folder + "/" + format)
      let found = report.results.map { $0.split(separator: "/").last.map(String.init) ?? "" }
      #expect(report.error == nil && found == names)
      #expect(report.summaryJSON?.contains("\"points_lost\":0") == true, "\(report.summaryJSON ?? "")")
    }
    try FileTree.remove(folder)
  }

  /// A link leads to the file, and the name stays that of the link.
  @Test func resultsSayWhatTheyComeFrom() async throws {
    try FileTree.make(folder)
    try ScanFixture.write(to: folder + "/hill.las")
    try FileManager.default.createSymbolicLink(
      atPath: folder + "/linked.las", withDestinationPath: folder + "/hill.las")
    let report = try await localRun().run(
      "pointcloud.thin", parametersJSON: #"{"size": 2}"#, files: [folder + "/linked.las"], outputFolder: folder + "/out"
    )
    func object(_ value: JSONValue?) throws -> [String: JSONValue] {
      guard case .object(let members) = value else { return try #require(nil) }
      return members
    }
    let file = try JSONDecoder().decode(
      JSONValue.self, from: try #require(FileManager.default.contents(atPath: folder + "/out/summary.json")))
    let told = try JSONDecoder().decode(JSONValue.self, from: Data(try #require(report.summaryJSON).utf8))
    let provenance = try object(try object(told)["provenance"])
    let bytes = try #require(FileManager.default.contents(atPath: folder + "/hill.las"))
    #expect(
      provenance["inputs"]
        == .array([
          .object([
            "name": .string("linked.las"), "size_bytes": .integer(Int64(bytes.count)),
            "digest": .string(ArtifactDigest(hashing: Array(bytes)).description),
          ])
        ]))
    #expect(told == file && provenance["strata"] == .string(Strata.version))
    #expect(provenance["capability"] == .string("pointcloud.thin"))
    #expect(try object(provenance["parameters"])["size"] == .integer(2))
    try FileTree.remove(folder)
  }

  @Test func aScanGoesThroughStages() async throws {
    try FileTree.make(folder)
    let input = folder + "/hill.las"
    try ScanFixture.write(to: input)
    for (capability, parameters, result) in [
      ("thin", #"{"size": 2}"#, "hill-thinned"), ("outliers", "", "hill-cleaned"),
      ("features", #"{"scales": [8]}"#, "hill-features"), ("clusters", "", "hill-clusters"),
      ("planes", "", "hill-planes"),
      ("pipeline", #"{"stages": [{"stage": "ground"}, {"stage": "height_above_ground"}]}"#, "hill-processed"),
    ] {
      let report = try await localRun().run(
        "pointcloud.\(capability)", parametersJSON: parameters, files: [input], outputFolder: folder + "/" + capability)
      let names = report.results.map { $0.split(separator: "/").last.map(String.init) ?? "" }
      let expected = ["\(result).laz", "\(result).png", "summary.json"]
      #expect(report.error == nil && names == expected, "\(String(describing: report.error))")
      #expect(report.summaryJSON?.contains("\"steps\"") == true)
    }
    try FileTree.remove(folder)
  }

  @Test func aScanIsWorkedOnInParts() async throws {
    try FileTree.make(folder)
    let (input, other) = (folder + "/hill.las", folder + "/other.las")
    try ScanFixture.write(to: input)
    try ScanFixture.write(to: other)
    func run(_ capability: String, _ more: String, _ part: String, _ files: [String], _ out: String) async throws
      -> LocalReport
    {
      try await localRun().run(
        "pointcloud.\(capability)", parametersJSON: "{\"part\": \"\(part)\"\(more)}", files: files,
        outputFolder: "\(folder)/\(capability)/\(out)")
    }
    for (capability, more, result) in [
      ("thin", #", "size": 2"#, "hill-thinned.laz"),
      ("raster", #", "products": "density", "cell": 5"#, "density.tif"),
    ] {
      let out = "\(folder)/\(capability)"
      let part = try await run(capability, more, "1/1", [input], "part")
      let tiles = "\(out)/part/hill-part-1-of-1.tiles"
      #expect(part.error == nil && part.results.contains(tiles), "\(String(describing: part.error))")
      let whole = try await run(capability, more, "", [input], "whole")
      let merged = try await run(capability, more, "", [input, tiles], "merged")
      #expect(whole.error == nil && merged.error == nil, "\(String(describing: merged.error))")
      let contents = ["whole", "merged"].map { FileManager.default.contents(atPath: "\(out)/\($0)/\(result)") }
      #expect(contents[0] != nil && contents[0] == contents[1])
    }
    let tiles = folder + "/thin/part/hill-part-1-of-1.tiles"
    for (part, files, words) in [
      ("3 of 8", [input], "must be like 3/8"), ("1/1", [input, tiles], "scan alone"), ("", [input, other], ".tiles"),
    ] {
      let refused = try await run("thin", "", part, files, "refused")
      #expect(refused.error?.code == "invalid_input" && refused.error?.message.contains(words) == true)
    }
    try FileTree.remove(folder)
  }

  @Test func aScanGivesItsMaps() async throws {
    try FileTree.make(folder)
    let input = folder + "/hill.las"
    try ScanFixture.write(to: input)
    let report = try await localRun().run(
      "pointcloud.raster", parametersJSON: #"{"products": "dsm,density", "cell": 2}"#, files: [input],
      outputFolder: folder + "/out")
    let names = report.results.map { $0.split(separator: "/").last.map(String.init) ?? "" }
    #expect(report.error == nil && names == ["density.png", "density.tif", "dsm.png", "dsm.tif", "summary.json"])
    #expect(report.summaryJSON?.contains("\"coverage\"") == true)
    try FileTree.remove(folder)
  }

  @Test func aScanGivesItsGround() async throws {
    try FileTree.make(folder)
    let input = folder + "/hill.las"
    try ScanFixture.write(to: input)
    let fractions = Mutex<[Double]>([])
    let report = try await localRun().run(
      "pointcloud.ground", files: [input], outputFolder: folder + "/out",
      progress: { fraction, _ in fractions.withLock { $0.append(fraction ?? 0) } })
    let names = report.results.map { $0.split(separator: "/").last.map(String.init) ?? "" }
    #expect(report.error == nil && names == ["hill-classified.las", "hillshade.png", "summary.json", "terrain.tif"])
    #expect(fractions.withLock { $0 == $0.sorted() && $0.last == 1 })
    #expect(report.summaryJSON?.contains("\"ground_share\"") == true)
    #expect(report.usage.cpuMicroseconds > 0 && report.usage.memoryPeakBytes > 1 << 20)
    try FileTree.remove(folder)
  }

  @Test func aCancelledRunLeavesNothingBehind() async throws {
    try FileTree.make(folder)
    let (said, hears) = AsyncStream.makeStream(of: [UInt8].self)
    let run = try localRun()
    let task = Task { [folder] in
      try await run.run(
        "command.run", parametersJSON: #"{"command":["sh","-c","echo up; exec sleep 600"]}"#, files: [],
        outputFolder: folder + "/out", log: { hears.yield($0) })
    }
    var words = said.makeAsyncIterator()
    #expect(await words.next() == Array("up\n".utf8))
    task.cancel()
    #expect(try await task.value.error?.code == "cancelled")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/out").isEmpty)
    try FileTree.remove(folder)
  }

  /// Nobody holds credits for it here: CPU time beyond what its cores give within its time is free.
  @Test func nobodyCountsTheProcessorTimeOfALocalRun() {
    #expect(LocalRun.limits(AttemptLimits()).processorTimeIsHeld == false)
    #expect(AttemptLimits().processorTimeIsHeld)
  }

  @Test func theArtifactStoreServesAttempts() async throws {
    try FileTree.make(folder)
    let store = try ArtifactStore(root: folder + "/store")
    #expect(FileManager.default.createFile(atPath: folder + "/f", contents: Data("abc".utf8)))
    let artifact = try await store.store(fileAt: folder + "/f", named: "f.txt")
    #expect(artifact.name == "f.txt" && artifact.sizeBytes == 3)
    let path = try #require(try await store.localPath(of: artifact))
    #expect(FileManager.default.contents(atPath: path) == Data("abc".utf8))
    let digest = try #require(ArtifactDigest(bytes: [UInt8](repeating: 1, count: 32)))
    #expect(try await store.localPath(of: ArtifactReference(name: "x", digest: digest, sizeBytes: 1)) == nil)
    try FileTree.remove(folder)
  }
}
