import Glibc
public import StrataCore

extension ArtifactStore {
  /// What tells this store from every other, as 16 hexadecimal digits: made when it is first asked for, and kept in the
  /// folder.
  public func identity() throws(StrataError) -> String {
    if let known = Self.identity(of: root) { return known }
    let digits = String(UInt64.random(in: 0 ... .max), radix: 16)
    let text = String(repeating: "0", count: 16 - digits.count) + digits
    let draft = try TemporaryFile(root: root)
    let written = unsafe Array((text + "\n").utf8).withUnsafeBytes { bytes in
      Result { () throws(StrataError) in try unsafe draft.write(bytes) }
    }
    try written.get()
    try draft.seal()
    // Of two that make one at the same time the second finds the first one's.
    if unsafe link(draft.path, Self.identityFile(of: root)) != 0, errno != EEXIST {
      throw .storage("name the artifact store \(root)")
    }
    try Folder.synchronize(root)
    return Self.identity(of: root) ?? text
  }

  /// That of the store at `root`; nil where there is none, or none that was asked for its identity.
  public static func identity(of root: String) -> String? {
    let descriptor = unsafe Glibc.open(identityFile(of: root), O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 64)
    let count = unsafe Glibc.read(descriptor, &bytes, bytes.count)
    let digits = bytes.prefix(max(0, count)).prefix { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    return digits.isEmpty ? nil : String(decoding: digits, as: UTF8.self)
  }

  private static func identityFile(of root: String) -> String { root + "/store-id" }
}
