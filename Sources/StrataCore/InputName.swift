extension StrataError.Code {
  /// A job's input has a name that cannot be a file's, or that a worker uses itself.
  public static let invalidName = StrataError.Code(rawValue: "invalid_name")
}

/// The names under which inputs lie in a job's working folder.
package enum InputName {
  package static let bytesMax = 255
  /// What workers and capabilities put there themselves.
  package static let reserved: Set<String> = [".", "..", ".checkpoint", ".stdin", "output"]

  /// - Parameter isReserved: whether those names count that are taken already.
  package static func require(_ name: String, isReserved: Bool = true) throws(StrataError) {
    let isPlain = (1...bytesMax).contains(name.utf8.count) && name.utf8.allSatisfy(isPlain)
    guard isPlain else {
      throw StrataError(
        .invalidName, "an input's name is not a plain file name",
        remedy: "use 1 to \(bytesMax) bytes without a slash and without control characters")
    }
    guard !isReserved || !reserved.contains(name) else {
      throw StrataError(.invalidName, "no input may be called '\(name)': the name is reserved", remedy: "rename it")
    }
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte != 0x7F && byte != UInt8(ascii: "/")
  }
}
