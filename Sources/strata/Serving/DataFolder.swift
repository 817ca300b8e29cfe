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

  static func open(_ arguments: Arguments) throws(StrataError) -> DataDirectory {
    try DataDirectory.open(try path(arguments))
  }
}
