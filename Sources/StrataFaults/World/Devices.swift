import Foundation
import StrataCore
import StrataRuntime

/// What of a machine is in its way: clocks that can be set, and a disk that can be filled. Each is there only where it is
/// needed, as what is put to the test should run as it always does.
struct Devices: Sendable {
  let redisClock: SkewedClock?
  /// That of each instance.
  let clocks: [SkewedClock?]
  /// That of the first instance.
  let disk: SmallDisk?
  private let programs: String

  init(in folder: String, for faults: Set<Fault>) async throws {
    programs = folder + "/bin"
    redisClock = faults.contains(.redisClockSet) ? try SkewedClock(in: folder, named: "redis") : nil
    clocks =
      faults.contains(.strataClockSet)
      ? [try SkewedClock(in: folder, named: "a"), try SkewedClock(in: folder, named: "b")] : [nil, nil]
    try redisClock?.wrapRedis(in: programs)
    disk = faults.contains(.diskFull) ? try await SmallDisk(at: folder + "/a") : nil
  }

  /// What an instance's environment has for it, beyond this process's.
  func environment(of instance: Int) -> [String: String] {
    var environment = clocks[instance]?.environment ?? [:]
    if redisClock != nil { environment["PATH"] = programs + ":" + (Environment.current["PATH"] ?? "/usr/bin:/bin") }
    return environment
  }

  func remove() async { await disk?.unmount() }
}
