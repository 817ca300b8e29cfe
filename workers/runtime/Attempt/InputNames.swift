import StrataCore

/// The names under which clients send files, before any of them becomes a path.
enum InputNames {
  static let bytesMax = 255

  static func check(_ inputs: [InputFile]) throws(AttemptError) {
    var seen: Set<String> = []
    for input in inputs {
      guard isSafe(input.name) else {
        throw .invalidInput("'\(input.name)' cannot be the name of an input: it must be a plain file name")
      }
      guard seen.insert(input.name).inserted else {
        throw .invalidInput("two inputs are called '\(input.name)'")
      }
    }
  }

  static func isSafe(_ name: String) -> Bool {
    let bytes = name.utf8
    return (1...bytesMax).contains(bytes.count) && name != "." && name != ".." && name != "output"
      && name != AttemptFolders.checkpointName
      && !bytes.contains(UInt8(ascii: "/")) && !bytes.contains(0)
  }
}
