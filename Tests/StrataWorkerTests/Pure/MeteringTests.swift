import Capabilities
import Foundation
import PointClouds
import StrataArtifacts
import StrataCore
import StrataWorker
import Testing

/// Whoever says that there is less work than there is gets none of it.
@Suite struct MeteringTests {
  private struct Counting: MeteredHandler {
    var definition = Capability(
      name: "counting", version: 1, summary: "", tier: .cpu, price: Price(perJob: .zero), timeoutSeconds: 1,
      attemptsMax: 1, resources: ResourceRequest(), parameters: [], inputs: 0...1,
      meter: Capability.Meter(unit: "points", assumedMax: 100))
    let bound: UnitBound?

    func bound(_ parameters: Parameters, _ inputs: [InputFile], awaited: [String]) -> UnitBound? { bound }
    func run(_ context: AttemptContext) async throws(AttemptError) -> AttemptProduct { AttemptProduct() }
  }

  private func meter(_ bound: UnitBound?, heldFor units: Int64?) -> AttemptMeter {
    AttemptMeter(
      Counting(bound: bound),
      WorkOrder(
        job: JobID(), tenant: TenantID(), capability: "counting", version: 1, parametersJSON: "{}", inputs: [],
        timeoutSeconds: 1, resources: ResourceRequest(), unitsMax: units))
  }

  @Test func isRefusedBeforeTheWorkWhereItIsSure() {
    let error = #expect(throws: AttemptError.self) {
      try meter(UnitBound(11, isExact: true), heldFor: 10).requireHeld(Parameters([:]), [])
    }
    #expect(error?.code == "units_exceeded" && error?.isRetryable == false)
    #expect(error?.message.contains("11 points") == true)
    for (bound, held) in [
      (UnitBound(10, isExact: true), 10), (UnitBound(11, isExact: false), 10), (nil, 10),
      (UnitBound(11, isExact: true), nil),
    ] as [(UnitBound?, Int64?)] {
      #expect(throws: Never.self) { try meter(bound, heldFor: held).requireHeld(Parameters([:]), []) }
    }
  }

  @Test func failsAfterwardsWhereMoreWasCounted() {
    let over = meter(nil, heldFor: 10).checked(AttemptProduct(summary: .object([:]), units: 11))
    #expect(over.error?.code == "units_exceeded" && over.summary == nil)
    #expect(meter(nil, heldFor: 10).checked(AttemptProduct(units: 10)).error == nil)
    #expect(meter(nil, heldFor: nil).checked(AttemptProduct(units: 11)).error == nil)
    let failed = AttemptError(code: "x", message: "", isRetryable: true)
    #expect(meter(nil, heldFor: 1).checked(AttemptProduct(error: failed, units: 9)).error == failed)
  }

  @Test func everyMeterHasAHandlerThatReadsIt() {
    let metered = Set(Catalogue.handlers.map(\.definition).filter { $0.meter != nil }.map(\.name))
    #expect(metered == Set(Catalogue.meteredHandlers.map(\.definition.name)))
    #expect(metered.contains("pointcloud.ground") && !metered.contains("command.run"))
    for capability in Catalogue.handlers.map(\.definition) {
      let prices = [capability.price] + capability.soldAs.map(\.price)
      #expect(prices.allSatisfy { ($0.perMillionUnits > .zero) == (capability.meter != nil) }, "\(capability.name)")
    }
  }

  @Test func pointsOfScansAreCountedAndThoseOfPartsShared() throws {
    let folder = FileManager.default.temporaryDirectory.path + "/strata-metering-\(JobID())"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let path = folder + "/a"
    try ScanSimulator(seed: 1, points: 500).makeCloud().write(path: path)
    func input(_ name: String) -> InputFile {
      InputFile(name: name, path: path, digest: ArtifactDigest(hashing: []), sizeBytes: 1)
    }
    func bound(
      _ name: String, _ parameters: [String: JSONValue], _ inputs: [InputFile], awaited: [String] = []
    ) -> UnitBound? {
      Catalogue.meteredHandlers.first { $0.definition.name == name }?.bound(
        Parameters(parameters), inputs, awaited: awaited)
    }
    #expect(bound("pointcloud.thin", ["part": .string("")], [input("a.las")]) == UnitBound(500, isExact: true))
    #expect(bound("pointcloud.merge", [:], [input("a.las"), input("b.las")]) == UnitBound(1_000, isExact: true))
    #expect(bound("pointcloud.raster", ["part": .string("1/2")], [input("a.las")]) == UnitBound(500, isExact: false))
    let whole = bound("pointcloud.raster", [:], [input("a.las"), input("a-part-1-of-1.tiles")])
    #expect(whole == UnitBound(500, isExact: false))
    let split = bound("pointcloud.raster", [:], [input("a.las")], awaited: ["*.tiles"])
    #expect(split == UnitBound(500, isExact: false))
    #expect(bound("pointcloud.raster", [:], [], awaited: ["*.laz"]) == nil)
    try Data("no scan".utf8).write(to: URL(fileURLWithPath: path))
    #expect(bound("pointcloud.colourise", [:], [input("photo.tif")]) == UnitBound(0, isExact: true))
    try Data("LASF no more".utf8).write(to: URL(fileURLWithPath: path))
    #expect(bound("pointcloud.thin", [:], [input("a.las")]) == nil)
  }
}
