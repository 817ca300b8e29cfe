import Glibc
import StrataCore
import StrataRuntime
import StrataStack
import StrataWorker
import Synchronization

/// Workers of a stack's folder that `up` has not started: with the stack goes the queue that they work for, so they are told
/// to stop with it and are waited for, lest their jobs run on for nothing.
final class HandStartedWorkers: Sendable {
  /// How often it is looked whether they have ended.
  private static let step = Duration.milliseconds(100)

  private let parent: String
  /// What the environment of those has that `up` has started.
  private let mark: String
  private let found = Mutex<[String: Int32]>([:])

  init(directory: DataDirectory, identity: StackIdentity) {
    parent = directory.path + "/work"
    mark = "\(StackIdentity.variable)=\(identity.value)"
  }

  /// Tells them to stop, and waits until they have, or the time is over.
  ///
  /// - Returns: how many there were.
  func stop(within patience: Duration) async -> Int {
    let others = WorkerFolder.living(in: parent).filter { isStartedByHand($0.value) }
    found.withLock { $0 = others }
    hasten()
    let deadline = ContinuousClock.now + patience
    while others.keys.contains(where: WorkerFolder.isHeld), ContinuousClock.now < deadline {
      try? await Task.sleep(for: Self.step)
    }
    return others.count
  }

  /// Tells those that are still there once more.
  func hasten() {
    for (folder, process) in found.withLock({ $0 }) where WorkerFolder.isHeld(folder) {
      _ = Machine.signal(process, SIGTERM)
    }
  }

  /// The number may be of another container that shares the folder, and be another process here.
  private func isStartedByHand(_ process: Int32) -> Bool {
    guard let statistics = ProcessStatistics.read(process), !statistics.carries(mark) else { return false }
    let words = ProcFile.read("/proc/\(process)/cmdline")?.split(separator: 0) ?? []
    return words.dropFirst().first.map { String(decoding: $0, as: UTF8.self) } == Command.worker.name
  }
}
