import FoundationEssentials
import StrataStack

/// How far a stack is, for other processes to read: files beside its lock.
struct StackNote {
  enum Phase: String {
    /// Can transition to: `ready`, `stopping`.
    case starting
    /// Everything was started. Can transition to: `stopping`.
    case ready
    case stopping
  }

  let directory: DataDirectory
  private var ready: String { directory.run + "/ready" }
  private var stopping: String { directory.run + "/stopping" }

  /// `starting` where nothing else was said.
  var phase: Phase {
    if FileManager.default.fileExists(atPath: stopping) { return .stopping }
    return FileManager.default.fileExists(atPath: ready) ? .ready : .starting
  }

  func sayReady() { try? TextFile.write("ready", to: ready) }
  func sayStopping() {
    TextFile.remove(ready)
    try? TextFile.write("stopping", to: stopping)
  }
  func forget() { for path in [ready, stopping] { TextFile.remove(path) } }
}
