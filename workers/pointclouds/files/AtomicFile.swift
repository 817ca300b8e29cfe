import Glibc

/// A file written under a temporary name and given its own only when it is complete, so that no reader ever sees half.
@safe struct AtomicFile: ~Copyable {
  private let path: String
  private let temporaryPath: String
  private let descriptor: Int32
  private var isCommitted = false

  /// A name beside `path` that no other process uses.
  static func temporaryPath(for path: String) -> String { "\(path).\(getpid()).partial" }

  init(_ path: String) throws(PointCloudError) {
    self.path = path
    temporaryPath = Self.temporaryPath(for: path)
    descriptor = unsafe open(temporaryPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .fileAccess("create", temporaryPath) }
  }

  deinit {
    close(descriptor)
    if !isCommitted { unsafe unlink(temporaryPath) }
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(PointCloudError) {
    guard let base = bytes.baseAddress else { return }
    var written = 0
    while written < bytes.count {
      let count = unsafe Glibc.write(descriptor, base + written, bytes.count - written)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .fileAccess("write", temporaryPath) }
      written += count
    }
  }

  func write(_ bytes: [UInt8]) throws(PointCloudError) {
    let result = unsafe bytes.withUnsafeBytes { buffer in
      Result { () throws(PointCloudError) in try unsafe write(buffer) }
    }
    try result.get()
  }

  /// Writes again what lies at `offset`.
  func overwrite(_ bytes: [UInt8], at offset: Int) throws(PointCloudError) {
    let count = unsafe bytes.withUnsafeBytes { unsafe pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
    guard count == bytes.count else { throw .fileAccess("write", temporaryPath) }
  }

  /// Puts the finished file in its place. It survives a crash of the machine from here on.
  mutating func commit() throws(PointCloudError) {
    guard fsync(descriptor) == 0 else { throw .fileAccess("flush", temporaryPath) }
    try moveIntoPlace(temporaryPath, path)
    isCommitted = true
  }
}

/// Writes a whole file, which appears complete or not at all.
func writeFile(_ bytes: [UInt8], _ path: String) throws(PointCloudError) {
  var file = try AtomicFile(path)
  try file.write(bytes)
  try file.commit()
}

/// Gives a finished temporary file its real name, replacing what was there.
func moveIntoPlace(_ temporaryPath: String, _ path: String) throws(PointCloudError) {
  guard unsafe rename(temporaryPath, path) == 0 else { throw .fileAccess("rename", temporaryPath) }
}
