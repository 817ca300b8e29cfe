import Glibc

/// Sets and dictionaries list their elements in an order that changes with every process, unless this variable says otherwise when
/// it starts; and what is listed in another order happens in another order.
enum SteadyHashing {
  private static let variable = "SWIFT_DETERMINISTIC_HASHING"

  /// Starts this program anew in its place where the variable is not set.
  static func require() {
    guard unsafe getenv(variable) == nil else { return }
    unsafe setenv(variable, "1", 1)
    var arguments = unsafe CommandLine.arguments.map { unsafe strdup($0) }
    unsafe arguments.append(nil)
    unsafe execv("/proc/self/exe", arguments)
    complain("this program could not be started anew with \(variable) set")
    exit(2)
  }
}
