import Glibc

/// A folder for the files of one process. Whoever starts that gives it a `TMPDIR` and removes it: a finding ends the process at once.
struct Scratch {
  let path: String

  init() throws {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    path = "\(parent)/strata-fuzz-\(getpid())"
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw Failure(action: "create", path: path) }
  }

  struct Failure: Error {
    let action: String
    let path: String
  }

  func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  /// A folder in it.
  func folder(_ name: String) throws -> String {
    let folder = self(name)
    guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw Failure(action: "create", path: folder) }
    return folder
  }

  static func write(_ bytes: [UInt8], _ path: String) throws {
    guard let file = fopen(path, "wb") else { throw Failure(action: "create", path: path) }
    defer { fclose(file) }
    guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw Failure(action: "write", path: path) }
  }

  static func read(_ path: String) throws -> [UInt8] {
    guard let file = fopen(path, "rb") else { throw Failure(action: "open", path: path) }
    defer { fclose(file) }
    var (bytes, part) = ([UInt8](), [UInt8](repeating: 0, count: 1 << 16))
    while case let count = fread(&part, 1, part.count, file), count > 0 { bytes += part[..<count] }
    return bytes
  }
}

/// Little-endian numbers in bytes.
extension [UInt8] {
  func number(_ place: Int, _ size: Int) -> UInt64 {
    self[place..<place + size].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  mutating func put(_ number: UInt64, _ place: Int, _ size: Int) {
    for index in 0..<size { self[place + index] = UInt8(truncatingIfNeeded: number >> UInt64(8 * index)) }
  }

  mutating func add(_ number: UInt64, _ size: Int) {
    for index in 0..<size { append(UInt8(truncatingIfNeeded: number >> UInt64(8 * index))) }
  }
}
