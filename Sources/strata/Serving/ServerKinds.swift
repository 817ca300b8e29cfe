import StrataCore
import StrataStack

/// Which servers a folder's stack was made with, as a file in it remembers: where they are is never written down, since
/// an address may hold a password.
struct ServerKinds: Hashable {
  enum Kind: String {
    /// The private one of the folder.
    case own
    /// One that was named.
    case named
  }

  /// The file's name in the data folder.
  static let fileName = "servers"

  var postgres: Kind?
  var redis: Kind?

  init(_ options: StackOptions) {
    postgres = options.postgres == nil ? .own : .named
    redis = options.redis == nil ? .own : .named
  }

  /// Nil where nothing says so: in a new folder, and in one of before this was remembered. That has a database where it
  /// is its own.
  init(rememberedBy directory: DataDirectory) {
    let lines = TextFile.lines(directory.path + "/" + Self.fileName)
    func kind(_ name: String) -> Kind? {
      lines.first { $0.hasPrefix(name + "=") }.flatMap { Kind(rawValue: String($0.dropFirst(name.count + 1))) }
    }
    postgres = kind("postgres") ?? (TextFile.read(directory.postgres + "/data/PG_VERSION") == nil ? nil : .own)
    redis = kind("redis")
  }

  /// For the next `up` in the same folder.
  func remember(in directory: DataDirectory) throws(StrataError) {
    let lines = [("postgres", postgres), ("redis", redis)].compactMap { name, kind in kind.map { "\(name)=\($0)" } }
    try TextFile.write(lines.joined(separator: "\n"), to: directory.path + "/" + Self.fileName)
  }

  /// - Throws: `conflict` where the folder's stack was made with others than `wanted`: it would start with an empty
  ///   database or queue, beside the one that holds its jobs.
  func check(_ wanted: ServerKinds, in path: String) throws(StrataError) {
    try Self.check("PostgreSQL", "postgres", postgres, wanted.postgres, path)
    try Self.check("Redis", "redis", redis, wanted.redis, path)
  }

  private static func check(
    _ server: String, _ option: String, _ known: Kind?, _ wanted: Kind?, _ path: String
  ) throws(StrataError) {
    guard let known, known != wanted else { return }
    let (variable, file) = ("STRATA_\(option.uppercased())_URL", "\(path)/\(fileName)")
    switch known {
    case .named:
      throw StrataError(
        .conflict, "the stack of \(path) was made with a \(server) that was named, and now none is",
        remedy: "give it again with --\(option) or \(variable); to have a private and empty one from now on, take the"
          + " line '\(option)=named' out of \(file)")
    case .own:
      throw StrataError(
        .conflict, "the stack of \(path) was made with a private \(server), and now another one is named",
        remedy:
          "leave out --\(option) and \(variable), or use another --data-dir; to leave the private one for good, take"
          + " the line '\(option)=own' out of \(file)")
    }
  }
}
