public import StrataCore
import StrataRuntime

/// Looks at everything that a newcomer's machine could lack. Changes nothing.
public struct Doctor: Sendable {
  /// Below these the machine is said to be short of something.
  public struct Needs: Sendable {
    public var freeDiskBytes = 2 << 30
    public var freeDiskBytesMin = 256 << 20
    public var memoryBytes = 2 << 30
    public var cores = 2
    public var openFiles = 4_096
    public var openFilesMin = 512
    /// Strata was not written before: 2025-01-01.
    public var clockEarliest = Timestamp(milliseconds: 1_735_689_600_000)

    public init() {}
  }

  let dataDirectory: String
  let port: UInt16?
  let needs: Needs

  /// - Parameters:
  ///   - dataDirectory: where the stack would live; it need not be there.
  ///   - port: the TCP port of the HTTP server on loopback; nil if it listens on a unix socket only.
  public init(dataDirectory: String, port: UInt16? = nil, needs: Needs = Needs()) {
    self.dataDirectory = dataDirectory
    self.port = port
    self.needs = needs
  }

  /// All checks, the most likely troubles first.
  public func examine() async -> [Check] {
    var checks = [await redis(), await postgres()]
    checks += [serverUser(), folder(), socketPath(), disk(), openFiles(), memory(), cores(), processTable(), pidfd()]
    checks += [await missingPrograms(), accounting(), clock()]
    if let port { checks.append(portIsFree(port)) }
    return checks
  }

  /// Whether Strata would run.
  public static func isFit(_ checks: [Check]) -> Bool { !checks.contains { $0.status == .fail } }

  static let install = "scripts/install-packages"
}
