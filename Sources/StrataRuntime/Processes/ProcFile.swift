import CLinux
import Glibc

/// Reading small files of the kernel whole.
public enum ProcFile {
  /// The first `bytesMax` bytes; nil if the file is not there or not ours to read.
  public static func read(_ path: String, bytesMax: Int = 65_536) -> [UInt8]? {
    let descriptor = unsafe strata_open(path, O_RDONLY | O_CLOEXEC, 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: bytesMax)
    var length = 0
    while length < bytesMax {
      let count = unsafe bytes.withUnsafeMutableBytes { buffer in
        let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[length...])
        return unsafe Glibc.read(descriptor, rest.baseAddress, rest.count)
      }
      if count < 0 { return nil }
      if count == 0 { break }
      length += count
    }
    bytes.removeLast(bytesMax - length)
    return bytes
  }

  /// The numbers of all processes, as /proc lists them.
  static func processes() -> [Int32] {
    guard let folder = unsafe opendir("/proc") else { return [] }
    defer { unsafe closedir(folder) }
    var pids: [Int32] = []
    while let entry = unsafe readdir(folder) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { name in
        unsafe String(cString: UnsafeRawPointer(name).assumingMemoryBound(to: CChar.self))
      }
      if let pid = Int32(name) { pids.append(pid) }
    }
    return pids
  }
}
