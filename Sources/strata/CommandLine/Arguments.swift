import StrataCore

/// The words of a command line, sorted into options and arguments.
struct Arguments {
  let command: String
  private(set) var positional: [String] = []
  private var values: [String: [String]] = [:]

  /// - Throws: `UsageError` for an option the command does not have, a missing value, a repeated option, and an argument
  ///   too many.
  init(_ words: some Sequence<String>, for command: Command) throws(UsageError) {
    self.command = command.name
    var rest = Array(words)[...]
    var areOptionsOver = false
    while let word = rest.popFirst() {
      if areOptionsOver || !word.hasPrefix("-") || word == "-" || Self.isNegativeNumber(word) {
        positional.append(word)
        areOptionsOver = areOptionsOver || command.stopsAtFirstArgument
      } else if word == "--" {
        areOptionsOver = true
      } else {
        try take(word, from: &rest, options: command.options)
      }
    }
    guard positional.count <= command.argumentsMax else {
      let taken = command.argumentsMax == 0 ? "no arguments" : "at most \(command.argumentsMax)"
      throw UsageError(
        "'\(command.name)' takes \(taken); '\(positional[command.argumentsMax])' is too many", command: command.name)
    }
  }

  private mutating func take(_ word: String, from rest: inout ArraySlice<String>, options: [OptionDefinition])
    throws(UsageError)
  {
    let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let given = String(parts[0].drop { $0 == "-" })
    guard word.hasPrefix("--"), let option = options.first(where: { $0.isCalled(given) }) else {
      throw UsageError(Self.unknown(String(parts[0]), among: options), command: command)
    }
    let name = option.name
    let value: String
    switch (option.value, parts.count) {
    case (nil, 1): value = ""
    case (nil, _): throw UsageError("--\(name) takes no value", command: command)
    case (_?, 2): value = String(parts[1])
    case (let placeholder?, _):
      guard let next = rest.popFirst() else {
        throw UsageError("--\(name) needs a value: --\(name) \(placeholder)", command: command)
      }
      value = next
    }
    guard option.repeats || values[name] == nil else {
      throw UsageError("--\(name) was given twice", command: command)
    }
    values[name, default: []].append(value)
  }

  /// No option begins with a digit: who writes `-1` means a number, and is told why it will not do.
  private static func isNegativeNumber(_ word: String) -> Bool {
    word.dropFirst().first.map { $0.isASCII && $0.isNumber || $0 == "." } ?? false
  }

  private static func unknown(_ word: String, among options: [OptionDefinition]) -> String {
    let near = Spelling.nearest(to: word, among: options.map { "--\($0.name)" })
    return "unknown option \(word)" + (near.map { "; did you mean \($0)?" } ?? "")
  }

  func has(_ name: String) -> Bool { values[name] != nil }
  subscript(_ name: String) -> String? { values[name]?.last }
  func all(_ name: String) -> [String] { values[name] ?? [] }

  /// The option as an integer within `range`.
  func integer(_ name: String, in range: ClosedRange<Int>) throws(UsageError) -> Int? {
    guard let text = self[name] else { return nil }
    guard let value = Int(text), range.contains(value) else {
      throw UsageError(
        "--\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound), not '\(text)'",
        command: command)
    }
    return value
  }

  /// How many things `--limit N|all` wants.
  func limit(usual: Int) throws(UsageError) -> Int {
    self["limit"] == "all" ? .max : try integer("limit", in: 1...Self.limitMax) ?? usual
  }

  /// Who wants more means all.
  private static let limitMax = 1_000_000

  /// Those of these options that were given, as the items of a query.
  func query(_ names: String...) -> [(name: String, value: String)] {
    names.compactMap { name in self[name].map { (name: name, value: $0) } }
  }

  /// The option as a time within `range`, in seconds.
  func seconds(_ name: String, in range: ClosedRange<Int64>) throws(UsageError) -> Int64? {
    guard let text = self[name] else { return nil }
    let value = try Quantity.seconds(text, of: "--\(name)")
    guard range.contains(value) else {
      throw UsageError(
        "--\(name) must be from \(Quantity.text(ofSeconds: range.lowerBound)) to"
          + " \(Quantity.text(ofSeconds: range.upperBound)), not '\(text)'", command: command)
    }
    return value
  }

  /// The only argument, or an error that shows what was expected.
  func single(_ what: String) throws(UsageError) -> String {
    guard positional.count == 1 else {
      throw UsageError("expected one \(what), got \(positional.count) arguments", command: command)
    }
    return positional[0]
  }
}
