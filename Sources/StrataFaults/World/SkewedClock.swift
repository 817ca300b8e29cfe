import Foundation
import StrataCore
import StrataRuntime

/// A wall clock that can be set, for programs that are started with it; see `CSkew.c`.
struct SkewedClock: Sendable {
  /// Built beside this program.
  private static let library =
    (OwnProgram.path as NSString).deletingLastPathComponent + "/libstrata-skew.so"

  private let file: String

  /// - Throws: `not_found` where the library was not built.
  init(in folder: String, named name: String) throws {
    guard FileManager.default.fileExists(atPath: Self.library) else {
      throw StrataError(.notFound, "there is no \(Self.library)", remedy: "build it: swift build --product strata-skew")
    }
    file = "\(folder)/clock-\(name)"
    try Data(count: MemoryLayout<Int64>.size).write(to: URL(fileURLWithPath: file))
    try set(by: 0)
  }

  /// What a program is started with to have this clock.
  var environment: [String: String] { ["LD_PRELOAD": Self.library, "STRATA_SKEW_FILE": file] }

  /// It is so many seconds away from the true time from now on.
  func set(by seconds: Int) throws {
    // In place: those who have the clock see this file and no other.
    let descriptor = try Descriptor.open(file, O_WRONLY)
    try descriptor.writeNow(unsafe withUnsafeBytes(of: Int64(seconds)) { unsafe Array($0) })
  }

  /// How far clocks jump, both ways: less than a lease, more than one, by a time zone, by a day.
  static let jumps = [-86_400, -3_600, -60, -5, 5, 60, 3_600, 86_400]

  /// Has the `redis-server` that is found in `folder` first have this clock.
  func wrapRedis(in folder: String) throws {
    guard
      let real = ["/usr/bin", "/usr/local/bin"].map({ $0 + "/redis-server" })
        .first(where: FileManager.default.isExecutableFile)
    else { throw StrataError(.notFound, "there is no redis-server", remedy: "apt-get install redis-server") }
    let words = environment.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " ")
    try FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    try "#!/bin/sh\nexec env \(words) \(real) \"$@\"\n"
      .write(toFile: folder + "/redis-server", atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder + "/redis-server")
  }
}
