import Glibc
import StrataCore
import StrataRuntime
import StrataStack

/// `strata-test-parent FOLDER` runs a sentinel, both servers and two stubborn children, prints their numbers on one
/// line and waits to be killed.
@main
struct Main {
  static func main() async throws {
    let arguments = Array(CommandLine.arguments.dropFirst())
    if arguments.first == Sentinel.subcommand { exit(Sentinel.run(arguments: Array(arguments.dropFirst()))) }
    guard let folder = arguments.first else { exit(2) }

    let identity = StackIdentity.random()
    let directory = try DataDirectory.open(folder)
    let lock = try directory.lock(for: identity)
    defer { lock.release() }
    let sentinel = try await Sentinel.start(identity: identity, grace: .milliseconds(500), holding: lock)
    let redis = EmbeddedRedis(in: directory, identity: identity).service()
    let postgres = EmbeddedPostgreSQL(in: directory, identity: identity).service()
    let tree = ServiceTree([redis, postgres])
    try await tree.start()
    let stubborn = try await ChildProcess.spawn(stubborn(identity))

    let servers = [await redis.child, await postgres.child, stubborn].compactMap { $0?.pid }
    let all = servers + servers.flatMap { ProcessTree.descendants(of: $0).map(\.pid) } + [sentinel.pid]
    print(all.map(String.init).joined(separator: " "))
    fflush(nil)
    _ = await stubborn.wait()
    await tree.stop()
    await sentinel.stop()
  }

  /// A child that outlives its parent, hears no SIGTERM, and has a grandchild in a session of its own.
  static func stubborn(_ identity: StackIdentity) -> ProcessSpecification {
    var specification = ProcessSpecification("/bin/sh", ["-c", "trap '' TERM; setsid sleep 1000 & wait; wait"])
    specification.environment.merge(identity.environment) { $1 }
    specification.parentDeathSignal = 0
    return specification
  }
}
