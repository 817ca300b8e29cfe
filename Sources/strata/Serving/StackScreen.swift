import Glibc
import StrataCore
import StrataRuntime
import StrataStack

/// The one screen that says what runs where, with commands that work when they are pasted.
struct StackScreen {
  let settings: StackSettings
  /// Whether nobody's Ctrl-C reaches the stack.
  let isDetached: Bool

  /// Whether this process belongs to a terminal.
  static var hasTerminal: Bool {
    let terminal = unsafe open("/dev/tty", O_RDONLY | O_CLOEXEC)
    defer { close(terminal) }
    return terminal >= 0
  }

  var text: String {
    let (directory, options) = (settings.directory, settings.options)
    let address = Endpoint(directory: directory).httpAddress ?? "http://\(options.http)"
    let processes = options.workers == 1 ? "1 process" : "\(options.workers) processes"
    let tiers = options.tiers.map(\.rawValue).joined(separator: ", ")
    let workers =
      options.workers == 0
      ? "none of its own; others may join"
      : "\(processes) with \(options.slots.counted("slot")) each, \(options.tiers.count == 1 ? "tier" : "tiers") \(tiers)"
    return """
      Strata is ready.

        API         \(address)  and  unix:\(Endpoint(directory: directory).socket)
        key         \(directory.path)/api-key
        PostgreSQL  \(options.postgres == nil ? directory.postgres : "the one you named")
        Redis       \(options.redis == nil ? directory.redis : "the one you named")
        workers     \(workers)
        logs        \(directory.logs)

      Try:  \(command("capabilities"))
            \(command("run")) -- echo hello
      Stop: \(isDetached ? "" : "Ctrl-C, or ")\(command("down"))
      """
  }

  /// As a shell takes it: with the folder where that is not the usual one, and with the program's path where `strata`
  /// alone would not be found.
  private func command(_ name: String) -> String {
    let usual = (try? DataFolder.usual()).flatMap { try? DataDirectory.absolute($0) }
    let folder = settings.directory.path == usual ? [] : ["--data-dir", settings.directory.path]
    return ([program, name] + folder).map(Self.quoted).joined(separator: " ")
  }

  private var program: String {
    let given = CommandLine.arguments.first ?? "strata"
    return given.contains("/") && given != "/proc/self/exe" && Environment.find("strata") == nil ? given : "strata"
  }

  private static func quoted(_ word: String) -> String {
    let isPlain = word.utf8.allSatisfy { byte in
      (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        || "-_./:=,@%+".utf8.contains(byte)
    }
    return isPlain ? word : "'" + word.replacing("'", with: "'\\''") + "'"
  }
}
