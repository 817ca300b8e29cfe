import FoundationEssentials
import Glibc

/// The log of a process of this program, which complains of what ended it in a line `strata: REASON.`
struct LogFile {
  let path: String

  /// In bytes; 0 where there is none.
  var size: Int {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? status.st_size : 0
  }

  /// The last complaint written after the first `offset` bytes, without the name before it and the full stop; nil if
  /// there is none.
  func lastComplaint(after offset: Int) -> String? {
    guard let bytes = try? Data(contentsOf: URL(filePath: path), options: .mappedIfSafe) else { return nil }
    let lines = String(decoding: bytes.dropFirst(offset), as: UTF8.self).split(separator: "\n")
    guard let line = lines.last(where: { $0.hasPrefix("strata: ") }) else { return nil }
    let words = line.dropFirst("strata: ".count)
    return String(words.hasSuffix(".") ? words.dropLast() : words)
  }
}
