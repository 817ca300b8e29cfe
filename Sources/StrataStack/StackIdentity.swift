import StrataRuntime

/// Marks every process of one run of the stack, so that all of them can be found when their parent is gone.
public struct StackIdentity: Sendable, Hashable {
  /// The environment variable that carries it.
  public static let variable = "STRATA_STACK_ID"

  public let value: String

  public init(_ value: String) { self.value = value }

  /// A new one that no other run has.
  public static func random() -> StackIdentity {
    var generator = SystemRandomNumberGenerator()
    return StackIdentity(String(generator.next(), radix: 16) + String(generator.next(), radix: 16))
  }

  /// What a child of the stack must have in its environment.
  public var environment: [String: String] { [Self.variable: value] }

  /// A small, fixed environment for the stack's own servers, with the mark.
  var serverEnvironment: [String: String] {
    ["PATH": Environment.current["PATH"] ?? "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", Self.variable: value]
  }
}
