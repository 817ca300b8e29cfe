import StrataRuntime
import StrataStack

/// The one screen that says what runs where.
struct StackScreen {
  let settings: StackSettings

  var text: String {
    let directory = settings.directory
    let address = Endpoint(directory: directory).httpAddress ?? "http://\(settings.http)"
    let workers = settings.workers == 1 ? "1 process" : "\(settings.workers) processes"
    return """
      Strata is ready.

        API         \(address)  and  unix:\(Endpoint(directory: directory).socket)
        key         \(directory.path)/api-key
        PostgreSQL  \(settings.postgres == nil ? directory.postgres : "the one you named")
        Redis       \(settings.redis == nil ? directory.redis : "the one you named")
        workers     \(workers) with \(settings.slots) slots each, tier cpu
        logs        \(directory.logs)

      Try:  strata capabilities
            strata run -- echo hello
      Stop: Ctrl-C, or strata down\(directory.path == defaultPath ? "" : " --data-dir \(directory.path)")
      """
  }

  private var defaultPath: String { Environment.current["STRATA_DATA_DIR"] ?? "" }
}
