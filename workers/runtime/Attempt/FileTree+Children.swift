import Glibc
import StrataCore
import StrataRuntime

extension FileTree {
  /// One thing in a folder. Its name may be any bytes but `/` and zero.
  struct Child {
    /// Ends with a zero.
    let name: [CChar]
    let status: stat

    var isFolder: Bool { status.st_mode & S_IFMT == S_IFDIR }

    /// Why it cannot be a result; nil if it can.
    var omissionReason: String? {
      if status.st_mode & S_IFMT != S_IFREG { return "only files directly in the output folder are results" }
      guard let text = validName else { return "its name is not UTF-8" }
      return text.unicodeScalars.contains(where: \.isControl) ? "its name has control characters" : nil
    }

    /// The name itself, but with escapes for what would spoil a log.
    var printableName: String {
      guard let text = validName else {
        return bytes.map { $0 < 0x80 ? Unicode.Scalar($0).escaped(asASCII: true) : "\\x" + String($0, radix: 16) }
          .joined()
      }
      return text.unicodeScalars.map { $0.isControl ? $0.escaped(asASCII: true) : String($0) }.joined()
    }

    private var bytes: [UInt8] { name.dropLast().map(UInt8.init(bitPattern:)) }
    private var validName: String? { String(validating: bytes, as: UTF8.self) }
  }

  /// Without `.` and `..`; none where there is no such folder, or a symbolic link to one.
  ///
  /// - Parameters:
  ///   - path: ends with a zero.
  ///   - limit: where there are more, one more than so many.
  static func children(of path: [CChar], atMost limit: Int = .max) -> [Child] {
    let folder = unsafe Descriptor(owning: open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC))
    var children: [Child] = []
    _ = try? forEachName(in: folder) { name throws(StrataError) in
      guard let status = Self.status(of: name, in: folder) else { return true }
      children.append(Child(name: name, status: status))
      return children.count <= limit
    }
    return children
  }

  /// Nil where there is nothing of that name any more.
  static func status(of name: [CChar], in folder: Descriptor) -> stat? {
    var status = stat()
    return unsafe fstatat(folder.raw, name, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status : nil
  }

  /// Reads the names in an open folder, each with its zero and without `.` and `..`, until there are no more or `body`
  /// says no.
  ///
  /// - Returns: false where `body` said no.
  @discardableResult
  static func forEachName(
    in folder: Descriptor, _ body: ([CChar]) throws(StrataError) -> Bool
  ) throws(StrataError) -> Bool {
    // Of its own, so that reading begins at the start.
    let descriptor = unsafe openat(folder.raw, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return true }
    guard let stream = unsafe fdopendir(descriptor) else {
      close(descriptor)
      return true
    }
    defer { unsafe closedir(stream) }
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
        let start = unsafe UnsafeRawPointer(name).assumingMemoryBound(to: CChar.self)
        return unsafe Array(UnsafeBufferPointer(start: start, count: strlen(start) + 1))
      }
      if isItselfOrParent(name) { continue }
      guard try body(name) else { return false }
    }
    return true
  }

  private static func isItselfOrParent(_ name: [CChar]) -> Bool {
    name.count <= 3 && name.dropLast().allSatisfy { $0 == CChar(UInt8(ascii: ".")) }
  }
}

extension Unicode.Scalar {
  fileprivate var isControl: Bool { properties.generalCategory == .control }
}
