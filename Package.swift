// swift-tools-version: 6.2
import PackageDescription

// One set of compiler settings for every module, so that a file may move between them unchanged.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .strictMemorySafety(),
]
// Tests may use unsafe pointers without marking each use.
let relaxed = Array(strict.dropLast())

/// A Swift module of the house, at `path`, that may import only `floors`.
func module(_ name: String, _ path: String? = nil, exclude: [String] = [], on floors: [Target.Dependency] = [])
  -> Target
{
  .target(name: name, dependencies: floors, path: path ?? "Sources/\(name)", exclude: exclude, swiftSettings: strict)
}

/// The tests of one module, in `Tests/<name>Tests`.
func tests(_ name: String, on floors: [Target.Dependency]) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: floors + ["TestSupport"], path: "Tests/\(name)Tests", swiftSettings: relaxed)
}

let package = Package(
  name: "strata",
  products: [
    .executable(name: "strata", targets: ["strata"]),
    .executable(name: "strata-bench", targets: ["strata-bench"]),
    .executable(name: "strata-faults", targets: ["strata-faults"]),
    .executable(name: "strata-simulate", targets: ["strata-simulate"]),
    .library(name: "strata-skew", type: .dynamic, targets: ["CSkew"]),
    .library(name: "PointClouds", targets: ["PointClouds"]),
    .library(name: "StrataClient", targets: ["StrataClient"]),
  ],
  targets: [
    // C libraries: each has one adapter that imports it, named in Tests/TidyTests.
    .systemLibrary(name: "CHiredis", path: "Sources/CHiredis"),
    .systemLibrary(name: "CPostgreSQL", path: "Sources/CPostgreSQL", pkgConfig: "libpq"),
    .systemLibrary(name: "CHTTPParser", path: "Sources/CHTTPParser"),
    .target(name: "CGDAL", path: "Sources/CGDAL"),
    .target(name: "CLAPACK", path: "Sources/CLAPACK"),
    .systemLibrary(name: "CCrypto", path: "Sources/CCrypto", pkgConfig: "libcrypto"),
    .target(name: "CCurl", path: "Sources/CCurl", linkerSettings: [.linkedLibrary("curl")]),
    .target(name: "CLinux", path: "Sources/CLinux"),
    .target(name: "CSkew", path: "Sources/CSkew"),
    .target(name: "CQueueScripts", path: "Sources/CQueueScripts"),
    .target(name: "CLedgerScripts", path: "Sources/CLedgerScripts"),
    .target(name: "CCapabilityDefinitions", path: "Sources/CCapabilityDefinitions"),

    // The floors, from the ground up.
    module("StrataCore"),
    module("StrataScheduling", on: ["StrataCore"]),
    module("StrataRuntime", on: ["StrataCore", "CLinux"]),
    module("StrataArtifacts", on: ["StrataCore", "CCrypto"]),
    module(
      "StrataQueue", "queues", exclude: ["redis/scripts"],
      on: ["StrataCore", "StrataScheduling", "StrataRuntime", "CHiredis", "CQueueScripts"]),
    module(
      "StrataLedger", exclude: ["Migrations", "Queries"],
      on: ["StrataCore", "StrataScheduling", "StrataRuntime", "CPostgreSQL", "CLedgerScripts"]),
    module("StrataAPI", on: ["StrataCore"]),
    module("StrataClient", on: ["StrataCore", "StrataRuntime", "StrataAPI", "CCurl"]),
    module("StrataStack", on: ["StrataCore", "StrataRuntime", "CLinux"]),
    module(
      "StrataControl",
      on: [
        "StrataCore", "StrataScheduling", "StrataRuntime", "StrataArtifacts", "StrataQueue", "StrataLedger",
      ]),
    module(
      "StrataServer",
      on: [
        "StrataCore", "StrataScheduling", "StrataRuntime", "StrataAPI", "StrataArtifacts", "StrataQueue",
        "StrataLedger", "StrataControl", "CHTTPParser", "CLinux",
      ]),
    module(
      "StrataFaults",
      on: [
        "StrataCore", "StrataRuntime", "StrataAPI", "StrataClient", "StrataStack", "StrataControl", "ServerFixtures",
        "CLinux",
      ]),
    module("Numerics", "workers/numerics", on: ["CLAPACK"]),
    module("PointClouds", "workers/pointclouds", on: ["Numerics", "CGDAL"]),
    module("StrataWorker", "workers/runtime", on: ["StrataCore", "StrataRuntime", "StrataArtifacts", "StrataQueue"]),
    module(
      "StrataSimulation",
      on: ["StrataCore", "StrataRuntime", "StrataQueue", "StrataLedger", "StrataControl", "StrataWorker"]),
    module(
      "Capabilities", "workers/capabilities",
      exclude: [
        "README.md", "command.run/capability.json", "noop/capability.json", "pointcloud.change/capability.json",
        "pointcloud.clusters/capability.json", "pointcloud.colourise/capability.json",
        "pointcloud.convert/capability.json", "pointcloud.crop/capability.json",
        "pointcloud.features/capability.json", "pointcloud.ground/capability.json",
        "pointcloud.merge/capability.json", "pointcloud.outliers/capability.json",
        "pointcloud.pipeline/capability.json", "pointcloud.planes/capability.json",
        "pointcloud.raster/capability.json", "pointcloud.reproject/capability.json",
        "pointcloud.simulate/capability.json", "pointcloud.thin/capability.json",
      ],
      on: ["StrataCore", "StrataRuntime", "StrataWorker", "PointClouds", "CCapabilityDefinitions"]),
    .executableTarget(
      name: "strata",
      dependencies: [
        "StrataCore", "StrataRuntime", "StrataAPI", "StrataArtifacts", "StrataClient", "StrataStack", "StrataQueue",
        "StrataLedger", "StrataControl", "StrataServer", "StrataWorker", "Capabilities", "PointClouds",
      ], path: "Sources/strata", swiftSettings: strict),
    // Random faults on real servers. It starts the strata beside it.
    .executableTarget(
      name: "strata-faults", dependencies: ["StrataFaults", "StrataCore", "StrataRuntime", "strata"],
      path: "Sources/strata-faults", swiftSettings: strict),
    // Histories of the same logic in one process, under a clock and a network of its own.
    .executableTarget(
      name: "strata-simulate", dependencies: ["StrataSimulation", "StrataCore", "StrataRuntime"],
      path: "Sources/strata-simulate", swiftSettings: strict),
    .executableTarget(
      name: "strata-bench",
      dependencies: [
        "StrataCore", "StrataScheduling", "StrataRuntime", "StrataAPI", "StrataQueue", "StrataLedger", "StrataServer",
        "StrataClient", "StrataStack", "StrataWorker", "Numerics", "PointClouds", "CLinux",
      ],
      path: "benchmarks/strata-bench", swiftSettings: strict),

    // Tests, one target per module, and what they share.
    // Private servers that are gone with their process. `strata-faults` has them, too.
    .target(
      name: "ServerFixtures", dependencies: ["StrataCore", "StrataRuntime"], path: "Tests/ServerFixtures",
      swiftSettings: relaxed),
    .target(name: "CAllocations", path: "Tests/CAllocations"),
    .target(
      name: "TestSupport",
      dependencies: ["CAllocations", "StrataCore", "StrataRuntime", "StrataServer", "StrataStack", "ServerFixtures"],
      path: "Tests/TestSupport",
      swiftSettings: relaxed),
    // A controller over a queue in memory and a real ledger, for the tests of the controller and of the API.
    .target(
      name: "ControlTestSupport",
      dependencies: [
        "StrataCore", "StrataRuntime", "StrataArtifacts", "StrataQueue", "StrataLedger", "StrataControl", "TestSupport",
      ], path: "Tests/ControlTestSupport", swiftSettings: relaxed),
    tests("StrataCore", on: ["StrataCore"]),
    tests("StrataScheduling", on: ["StrataScheduling", "StrataCore"]),
    tests("StrataRuntime", on: ["StrataRuntime", "StrataCore"]),
    tests("StrataArtifacts", on: ["StrataArtifacts", "StrataCore"]),
    tests("StrataQueue", on: ["StrataQueue", "StrataScheduling", "StrataCore", "StrataRuntime"]),
    tests("StrataLedger", on: ["StrataLedger", "StrataScheduling", "StrataCore"]),
    tests("StrataStack", on: ["StrataStack", "StrataRuntime", "StrataCore", "strata-test-parent"]),
    // A parent for tests to kill: it runs a stack and a sentinel as `strata up` does.
    .executableTarget(
      name: "strata-test-parent", dependencies: ["StrataStack", "StrataRuntime", "StrataCore"],
      path: "Tests/Helpers/TestParent", swiftSettings: strict),
    tests(
      "StrataControl",
      on: [
        "StrataControl", "ControlTestSupport", "StrataScheduling", "StrataArtifacts", "StrataCore", "StrataLedger",
        "StrataQueue", "StrataRuntime",
      ]),
    tests(
      "StrataServer",
      on: [
        "StrataServer", "StrataClient", "StrataCore", "StrataRuntime", "StrataAPI", "StrataArtifacts", "StrataControl",
        "StrataLedger", "StrataQueue", "ControlTestSupport",
      ]),
    .executableTarget(
      name: "worker-test-runner", dependencies: ["StrataCore", "StrataWorker", "Capabilities"],
      path: "Tests/WorkerTestRunner", swiftSettings: relaxed),
    tests(
      "StrataWorker",
      on: [
        "StrataWorker", "Capabilities", "PointClouds", "StrataArtifacts", "StrataCore", "StrataRuntime", "StrataQueue",
        "worker-test-runner",
      ]),
    tests("Numerics", on: ["Numerics", "StrataCore"]),
    tests("PointClouds", on: ["PointClouds", "Numerics", "StrataCore"]),
    tests(
      "EndToEnd",
      on: [
        "strata", "strata-bench", "StrataAPI", "StrataClient", "StrataCore", "StrataFaults", "StrataLedger",
        "StrataQueue",
        "StrataRuntime", "StrataServer", "StrataStack",
      ]),
    tests("StrataFaults", on: ["StrataFaults", "StrataCore", "StrataRuntime", "StrataQueue"]),
    tests("StrataSimulation", on: ["StrataSimulation", "strata-simulate"]),
    tests("Tidy", on: []),
  ]
)

// `make fuzz` alone builds the fuzzer: it takes the compiler's sanitizers, and links with nothing else.
if Context.environment["STRATA_FUZZING"] != nil {
  package.targets += [
    .systemLibrary(name: "CFuzzer", path: "Tests/Fuzzing/CFuzzer"),
    .executableTarget(
      name: "strata-fuzz", dependencies: ["CFuzzer", "PointClouds", "StrataCore"], path: "Tests/Fuzzing/strata-fuzz",
      swiftSettings: relaxed),
  ]
}
