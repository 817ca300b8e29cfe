import Glibc

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
  /// - Parameter path: ends with a zero.
  static func children(of path: [CChar]) -> [Child] {
    let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    guard let folder = unsafe fdopendir(descriptor) else {
      close(descriptor)
      return []
    }
    defer { unsafe closedir(folder) }
    var children: [Child] = []
    while let entry = unsafe readdir(folder) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
        let start = unsafe UnsafeRawPointer(name).assumingMemoryBound(to: CChar.self)
        return unsafe Array(UnsafeBufferPointer(start: start, count: strlen(start) + 1))
      }
      var status = stat()
      if unsafe isItselfOrParent(name) || fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) != 0 { continue }
      children.append(Child(name: name, status: status))
    }
    return children
  }

  private static func isItselfOrParent(_ name: [CChar]) -> Bool {
    name.count <= 3 && name.dropLast().allSatisfy { $0 == CChar(UInt8(ascii: ".")) }
  }
}

extension Unicode.Scalar {
  fileprivate var isControl: Bool { properties.generalCategory == .control }
}
