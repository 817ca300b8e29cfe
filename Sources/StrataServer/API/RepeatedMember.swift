import FoundationEssentials

/// Looks for an object of a JSON text that has a member twice. RFC 8259, section 4, leaves open which of the two counts,
/// so whoever wrote them would believe one and another program the other.
struct RepeatedMember {
  private enum Container {
    case object(names: Set<String>, current: String)
    case list(index: Int)
  }

  private let text: [UInt8]
  private var place = 0
  /// What is open at `place`, outermost first.
  private var open: [Container] = []

  private init(_ text: [UInt8]) { self.text = text }

  /// - Parameter text: valid JSON in UTF-8.
  /// - Returns: the first member that comes again, as a person writes it, such as `inputs[0].name`; nil where none does.
  /// - Complexity: O(bytes).
  static func first(in text: [UInt8]) -> String? {
    var search = RepeatedMember(text)
    return search.run()
  }

  private mutating func run() -> String? {
    while place < text.count {
      switch text[place] {
      case UInt8(ascii: "{"): open.append(.object(names: [], current: ""))
      case UInt8(ascii: "["): open.append(.list(index: 0))
      case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = open.popLast()
      case UInt8(ascii: ","): next()
      case UInt8(ascii: "\""):
        if let name = string(), isName, enter(name) == false { return path }
        continue
      default: break
      }
      place += 1
    }
    return nil
  }

  /// Past a comma.
  private mutating func next() {
    guard case .list(let index)? = open.last else { return }
    open[open.count - 1] = .list(index: index + 1)
  }

  /// - Returns: false where the innermost object has such a member already.
  private mutating func enter(_ name: String) -> Bool {
    guard case .object(var names, _)? = open.popLast() else { return true }
    let isNew = names.insert(name).inserted
    open.append(.object(names: names, current: name))
    return isNew
  }

  /// Whether a colon follows: then the string before it was a name.
  private var isName: Bool { text[place...].first { $0 > 0x20 } == UInt8(ascii: ":") }

  /// The string that begins at `place`, which moves behind it.
  private mutating func string() -> String? {
    let start = place
    var isEscaped = false
    place += 1
    while place < text.count, text[place] != UInt8(ascii: "\"") {
      isEscaped = isEscaped || text[place] == UInt8(ascii: "\\")
      place += text[place] == UInt8(ascii: "\\") ? 2 : 1
    }
    place = min(place + 1, text.count)
    let quoted = text[start..<place]
    if isEscaped { return try? JSONDecoder().decode(String.self, from: Data(quoted)) }
    return String(decoding: quoted.dropFirst().dropLast(), as: UTF8.self)
  }

  private var path: String {
    open.reduce(into: "") { path, container in
      switch container {
      case .object(_, let name): path += (path.isEmpty ? "" : ".") + name
      case .list(let index): path += "[\(index)]"
      }
    }
  }
}
