/// What the header of a PLY file says (Turk, "The PLY Polygon File Format", 1994).
struct PLYHeader {
  enum Encoding: String {
    case ascii
    case littleEndian = "binary_little_endian"
    case bigEndian = "binary_big_endian"
  }

  struct Property {
    let name: String
    let kind: NumberKind
    /// How the length of a list lies before its numbers; nil for a single number.
    let listCount: NumberKind?
  }

  struct Element {
    let name: String
    let count: Int
    var properties: [Property] = []

    var hasLists: Bool { properties.contains { $0.listCount != nil } }
    /// The fewest bytes of one: its lists empty, and in text one digit and one separator for each number.
    func leastBytes(_ encoding: Encoding) -> Int {
      properties.reduce(0) { $0 + (encoding == .ascii ? 2 : ($1.listCount ?? $1.kind).size) }
    }
  }

  private(set) var encoding = Encoding.ascii
  private(set) var elements: [Element] = []

  private static let elementsMax = 64

  /// - Parameter lines: at the file's start; past the header afterwards.
  init(_ lines: inout TextLines) throws(PointCloudError) {
    guard let first = lines.next(), lines.words(first) == ["ply"] else { throw lines.fault("this is not a PLY file") }
    var hasFormat = false
    while let line = lines.next() {
      // Comments may be long; nothing else is.
      let words = lines.words(line.prefix(512))
      switch words.first {
      case nil, "comment", "obj_info": continue
      case "end_header":
        guard hasFormat else { throw lines.fault("the header does not say its format") }
        return
      case "format":
        guard words.count == 3, let encoding = Encoding(rawValue: words[1]) else {
          throw lines.fault("the format is none of ascii, binary_little_endian and binary_big_endian")
        }
        (self.encoding, hasFormat) = (encoding, true)
      case "element": try addElement(words, lines)
      case "property": try addProperty(words, lines)
      default: throw lines.fault("is no word of a PLY header", line)
      }
    }
    throw PointCloudError(
      .truncated, "the PLY header has no end_header", remedy: PointCloudError.damagedFileRemedy, offset: lines.place)
  }

  /// How many vertices the header announces.
  static func vertices(_ file: ByteReader) throws(PointCloudError) -> Int {
    var lines = TextLines(file)
    return try PLYHeader(&lines).elements.first { $0.name == "vertex" }?.count ?? 0
  }

  private mutating func addElement(_ words: [String], _ lines: TextLines) throws(PointCloudError) {
    guard words.count == 3, let count = Int(words[2]), count >= 0 else {
      throw lines.fault("an element needs a name and a count")
    }
    guard elements.count < Self.elementsMax else {
      throw lines.fault("there are more than \(Self.elementsMax) elements")
    }
    elements.append(Element(name: words[1], count: count))
  }

  private mutating func addProperty(_ words: [String], _ lines: TextLines) throws(PointCloudError) {
    guard !elements.isEmpty else { throw lines.fault("a property stands before any element") }
    guard elements[elements.count - 1].properties.count < PointTable.columnsMax else {
      throw lines.fault("there are more than \(PointTable.columnsMax) properties")
    }
    let isList = words.count == 5 && words[1] == "list"
    guard isList || words.count == 3, let kind = Self.kinds[words[words.count - 2]] else {
      throw lines.fault("a property needs a type and a name")
    }
    var listCount: NumberKind?
    if isList {
      guard let kind = Self.kinds[words[2]], !kind.isFloating else {
        throw lines.fault("the length of a list must be a whole number")
      }
      listCount = kind
    }
    elements[elements.count - 1].properties.append(
      Property(name: words[words.count - 1], kind: kind, listCount: listCount))
  }

  /// Types by their names of 1994 and by those that say their size.
  private static let kinds: [String: NumberKind] = [
    "char": .int8, "uchar": .uint8, "short": .int16, "ushort": .uint16, "int": .int32, "uint": .uint32,
    "float": .float32, "double": .float64, "int8": .int8, "uint8": .uint8, "int16": .int16, "uint16": .uint16,
    "int32": .int32, "uint32": .uint32, "float32": .float32, "float64": .float64,
  ]

  /// The name of a type as it is written; 64-bit integers, which PLY lacks, become doubles.
  static func name(of kind: NumberKind) -> String {
    switch kind {
    case .int8: "char"
    case .uint8: "uchar"
    case .int16: "short"
    case .uint16: "ushort"
    case .int32: "int"
    case .uint32: "uint"
    case .float32: "float"
    case .int64, .uint64, .float64: "double"
    }
  }
}
