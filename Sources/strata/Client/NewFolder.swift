import Glibc
import StrataCore
import StrataRuntime

/// A folder for results of which nobody said where to put them.
enum NewFolder {
  /// How many of one name there may be.
  static let countMax = 1_000

  /// Makes `name` here, or `name-2`, `name-3`, … where that is taken.
  ///
  /// - Returns: the one made.
  ///
  /// - Throws: `invalidInput` where none can be made here.
  static func make(named name: String) throws(StrataError) -> String {
    for number in 1...countMax {
      let path = number == 1 ? name : "\(name)-\(number)"
      if unsafe mkdir(path, 0o755) == 0 { return path }
      guard errno == EEXIST else { break }
    }
    let reason = StrataError.system("make the folder \(name) here").message
    throw StrataError(.invalidInput, reason, remedy: "name another with --out")
  }

  /// Does nothing to a folder that has something in it.
  static func removeEmpty(_ path: String) { unsafe rmdir(path) }
}
