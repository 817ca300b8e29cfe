import Foundation

/// The project's own source files, read once.
struct SourceTree {
  struct File {
    /// From the repository's root.
    let path: String
    let lines: [String]

    var folder: String { String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex)) }
  }

  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// Swift files outside tests.
  static let swift = files(in: ["Sources", "queues", "workers", "benchmarks"], endings: ["swift"])
  static let tests = files(in: ["Tests"], endings: ["swift"])
  static let other = files(
    in: ["Sources", "queues", "workers", "benchmarks", "scripts", "docs"],
    endings: ["c", "h", "lua", "sql", "md", "sh"])

  private static func files(in folders: [String], endings: Set<String>) -> [File] {
    folders.flatMap { folder -> [File] in
      let walk = FileManager.default.enumerator(atPath: root.appendingPathComponent(folder).path)
      return (walk?.compactMap { $0 as? String } ?? []).sorted().compactMap { path in
        guard endings.contains((path as NSString).pathExtension) else { return nil }
        let name = "\(folder)/\(path)"
        guard let text = try? String(contentsOf: root.appendingPathComponent(name), encoding: .utf8) else { return nil }
        return File(path: name, lines: text.components(separatedBy: "\n"))
      }
    }
  }
}

/// A function's place and length in lines, from its declaration to its closing brace.
struct FunctionSpan {
  let place: String
  let lines: Int

  /// Finds functions by indentation, which `swift format` keeps exact: a body ends at the first line that is a closing
  /// brace at its declaration's own indentation.
  static func all(in file: SourceTree.File) -> [FunctionSpan] {
    file.lines.indices.compactMap { start in
      let line = file.lines[start]
      guard line.contains("func ") || line.contains("init"),
        line.contains(/^\s*([a-z@]+(\([a-z]+\))? )*(func |init[?(<]|deinit)/)
      else { return nil }
      let indent = line.prefix { $0 == " " }
      guard let opening = file.lines[start...].firstIndex(where: { $0.hasSuffix("{") || $0.hasSuffix("}") }),
        opening - start < 12, file.lines[opening].hasSuffix("{"),
        let end = file.lines[opening...].firstIndex(where: { $0 == indent + "}" })
      else { return nil }
      return FunctionSpan(place: "\(file.path):\(start + 1)", lines: end - start + 1)
    }
  }
}
