/// One thing that Strata needs from a machine, and whether it is there.
public struct Check: Sendable, Hashable {
  public enum Status: String, Sendable, Hashable, CaseIterable {
    /// As it should be.
    case ok
    /// Strata runs, but something will be missing or slow.
    case warn
    /// Strata does not run.
    case fail
  }

  /// What was looked at, in two or three words.
  public let name: String
  public let status: Status
  /// What was found.
  public let found: String
  /// The exact command, or setting, that helps; nil where all is well.
  public let remedy: String?

  public init(_ name: String, _ status: Status, found: String, remedy: String? = nil) {
    self.name = name
    self.status = status
    self.found = found
    self.remedy = remedy
  }

  /// One line, and a second one with the remedy: `ok    redis-server  7.0.15 at /usr/bin/redis-server`.
  public var text: String {
    func padded(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(1, width - text.count))
    }
    let line = padded(status.rawValue, 6) + padded(name, 18) + found
    return remedy.map { line + "\n" + padded("", 6) + padded("", 18) + "→ " + $0 } ?? line
  }
}
