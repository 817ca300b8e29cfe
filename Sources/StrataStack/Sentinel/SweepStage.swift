import Glibc
package import StrataRuntime

/// How firmly a process is told to end, and by which signal: each server has its own words for a clean end.
package enum SweepStage: Sendable {
  /// Finish what you do and leave.
  case ask
  /// Leave now.
  case insist

  package func signal(for program: String) -> Int32 {
    switch (self, program) {
    // Its fast shutdown, and its immediate one, after which it recovers from its log.
    case (.ask, "postgres"): SIGINT
    case (.insist, "postgres"): SIGQUIT
    case (.ask, _): SIGTERM
    case (.insist, "redis-server"): SIGTERM
    case (.insist, _): SIGKILL
    }
  }

  /// Those to signal: all but the server processes that a PostgreSQL postmaster ends itself.
  package static func leaders(of members: [ProcessTree.Member]) -> [ProcessTree.Member] {
    let servers = Set(members.filter { $0.statistics.name == "postgres" }.map(\.pid))
    return members.filter { !servers.contains($0.pid) || !servers.contains($0.statistics.parent) }
  }
}
