import Glibc
import StrataCore
import StrataRuntime
import StrataStack

/// The folder that the command line names.
enum DataFolder {
  static func path(_ arguments: Arguments) throws(StrataError) -> String {
    if let path = arguments["data-dir"] { return path }
    return try usual()
  }

  /// The one of a command line that names none.
  static func usual() throws(StrataError) -> String {
    let environment = Environment.current
    if let path = environment["STRATA_DATA_DIR"], !path.isEmpty { return path }
    if geteuid() == 0 { return DataDirectory.pathOfRoot }
    if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") { return data + "/strata" }
    guard let home = environment["HOME"], !home.isEmpty else {
      throw StrataError(
        .invalidInput, "no data folder is named and there is no home folder", remedy: "give --data-dir FOLDER")
    }
    return home + "/.local/share/strata"
  }

  /// For commands that only look: nothing is made. Nil where nothing was ever started.
  static func find(_ arguments: Arguments) throws(StrataError) -> DataDirectory? {
    try DataDirectory.find(try path(arguments))
  }

  /// For what works in a folder that `up` has made.
  static func existing(_ arguments: Arguments) throws(StrataError) -> DataDirectory {
    if let directory = try find(arguments) { return directory }
    throw StrataError(
      .notFound, "there is no stack's data folder at \(try path(arguments))",
      remedy: "name the right one with --data-dir, or start one there with strata up")
  }
}
