import StrataCore

/// Where one attempt works: `work`, with `work/output` for its results.
struct AttemptFolders: Sendable {
  let root: String
  var working: String { "\(root)/work" }
  var output: String { "\(root)/work/output" }
  var log: String { "\(root)/log" }

  func make() throws(StrataError) {
    try FileTree.remove(root)
    try FileTree.make(output)
  }
}
