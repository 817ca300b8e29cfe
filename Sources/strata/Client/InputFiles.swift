import Glibc
import StrataCore
import StrataRuntime

/// Files that a command line names as inputs.
enum InputFiles {
  /// The name of the input that is a command's standard input.
  static let standardInputName = "standard-input"

  /// The most that is taken from standard input: it is spooled to the disk first, and may have no end.
  static let standardInputBytesMax = 4 << 30

  /// The name of an input, under which its job finds it.
  static func name(of path: String) -> String { String(path.split(separator: "/").last ?? "input") }

  /// In bytes; 0 for what is not there.
  static func size(of path: String) -> Int64 {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? Int64(status.st_size) : 0
  }

  /// Returns `paths` when all of them can be read: nothing is uploaded or begun in vain.
  ///
  /// - Throws: `invalidInput`, naming the first that cannot.
  static func check(_ paths: [String]) throws(StrataError) -> [String] {
    for path in paths {
      var status = stat()
      guard unsafe stat(path, &status) == 0, unsafe access(path, R_OK) == 0 else {
        let reason = StrataError.system("read the input", errorNumber: errno).message
        throw StrataError(.invalidInput, "\(reason): \(path)", remedy: "check its name and rights")
      }
      guard status.st_mode & S_IFMT == S_IFREG else {
        throw StrataError(
          .invalidInput, "the input \(path) is not a file",
          remedy: "a folder can be packed into one, for example with tar")
      }
    }
    return paths
  }

  /// Copies standard input into an unnamed place and returns a path to it, for as long as this process lives.
  static func spoolStandardInput() throws(StrataError) -> String {
    let folder = Environment.current["TMPDIR"] ?? "/tmp"
    var path = Array("\(folder)/strata-stdin-XXXXXX".utf8CString)
    let number = unsafe mkstemp(&path)
    guard number >= 0 else { throw .system("make a file in \(folder)", remedy: "name another folder with TMPDIR") }
    let copy = Descriptor(owning: number)
    unsafe unlink(path)
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    var room = standardInputBytesMax
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(STDIN_FILENO, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .system("read standard input") }
      guard count > 0 else { return "/proc/self/fd/\(copy.release())" }
      room -= count
      guard room >= 0 else {
        throw StrataError(
          .invalidInput, "standard input has more than \(Int64(standardInputBytesMax).asBytes)",
          remedy: "write it to a file and name that with --stdin FILE")
      }
      do { try copy.writeNow(Array(buffer.prefix(count))) } catch {
        throw StrataError(
          .invalidInput, "standard input could not be kept in \(folder): \(error.message)",
          remedy: "name a folder with room with TMPDIR, or a file with --stdin FILE")
      }
    }
  }

  /// A file that is to be written: what is there must be a file, since it is replaced, or nothing.
  ///
  /// - Throws: `invalidInput` for a device, a pipe, a folder or a link.
  static func checkTarget(_ path: String) throws(StrataError) {
    var status = stat()
    guard unsafe lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG else { return }
    throw StrataError(
      .invalidInput, "\(path) is there and is not a file, so it is not replaced", remedy: "name another file")
  }

  /// Whether something other than a terminal or nothing feeds this process.
  static var isStandardInputFed: Bool {
    var status = stat()
    guard unsafe fstat(STDIN_FILENO, &status) == 0 else { return false }
    return status.st_mode & S_IFMT == S_IFIFO || (status.st_mode & S_IFMT == S_IFREG && status.st_size > 0)
  }
}
