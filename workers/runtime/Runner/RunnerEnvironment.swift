/// The environment of a runner and of the commands it starts: an allow-list, because the worker's own may hold secrets
/// such as the queue's address.
package enum RunnerEnvironment {
  /// Names kept from the worker's environment; one that ends in `*` stands for all that begin so.
  package static let allowed = [
    "PATH", "LANG", "LC_*", "TZ", "LD_LIBRARY_PATH", "GDAL_DATA", "PROJ_LIB", "PROJ_DATA", "OPENBLAS_CORETYPE",
    "SWIFT_BACKTRACE", "STRATA_TEST_*",
    // The mark of the stack: what a job leaves running is found by it when the stack ends.
    "STRATA_STACK_ID",
  ]
  /// Where nothing else says so.
  package static let pathDefault = "/usr/local/bin:/usr/bin:/bin"

  /// - Parameter cores: threads that numerical libraries may use; they read it once, at start, so it belongs to the
  ///   runner and not to the attempt.
  package static func make(from worker: [String: String], cores: Int) -> [String: String] {
    var environment = worker.filter { isAllowed($0.key) }
    for name in ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "GDAL_NUM_THREADS"] { environment[name] = String(cores) }
    // Swift's own account of a crash takes seconds in which the attempt seems alive; ask for it where it is wanted.
    if environment["SWIFT_BACKTRACE"] == nil { environment["SWIFT_BACKTRACE"] = "enable=no" }
    if environment["PATH", default: ""].isEmpty { environment["PATH"] = pathDefault }
    return environment
  }

  private static func isAllowed(_ name: String) -> Bool {
    allowed.contains { $0.hasSuffix("*") ? name.hasPrefix($0.dropLast()) : name == $0 }
  }
}
