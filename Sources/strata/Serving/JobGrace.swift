import StrataCore
import StrataStack
import StrataWorker

/// How long running jobs have to end when their worker is told to stop.
enum JobGrace {
  static let standard = WorkerConfiguration.drainGraceStandard
  /// A job that takes longer than a week has to be handed back some day.
  private static let secondsMax: Int64 = 7 * 86_400
  static let longest = Duration.seconds(secondsMax)
  /// Until reports are sent, and processes gone that do not listen, a worker takes this much longer.
  static let handingBack = Duration.seconds(20)

  static func option(_ summary: String) -> OptionDefinition { .time("job-grace", summary) }

  /// - Returns: nil where none is given.
  static func read(_ arguments: Arguments) throws(UsageError) -> Duration? {
    try arguments.seconds("job-grace", in: 0...secondsMax).map { .seconds($0) }
  }

  /// The words of a command line that `read` reads the same from.
  static func words(_ grace: Duration) -> [String] {
    grace == standard ? [] : ["--job-grace", "\(grace.milliseconds / 1_000)s"]
  }

  /// After which a worker that was told to stop is ended.
  static func patience(_ grace: Duration) -> Duration { grace + handingBack }
}

/// The grace of the stack of a folder, where all its processes find it: `up` says it first, and `down` may say otherwise.
struct JobGraceNote {
  /// When running jobs have it.
  enum Occasion {
    /// The stack stops.
    case stop
    /// Their worker, which is this process, is restarted.
    case restart(Int32)

    fileprivate var file: String {
      switch self {
      case .stop: "job-grace"
      case .restart(let process): "restart-grace-\(process)"
      }
    }
  }

  private let path: String

  init(directory: DataDirectory, of occasion: Occasion = .stop) { path = directory.run + "/" + occasion.file }

  /// Nil where no stack runs, or none that says it.
  var grace: Duration? {
    TextFile.read(path).flatMap { Int64($0) }.map { .seconds($0) }
  }

  func say(_ grace: Duration) throws(StrataError) { try TextFile.write("\(grace.milliseconds / 1_000)", to: path) }
  func forget() { TextFile.remove(path) }
}
