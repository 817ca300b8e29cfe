/// Names that fit into a path and a command line as they are.
enum PlainName {
  static func isOne(_ text: String, bytesMax: Int) -> Bool {
    (1...bytesMax).contains(text.utf8.count)
      && text.utf8.allSatisfy { isAlphanumeric($0) || [0x2D, 0x2E, 0x5F].contains($0) }
      && text.utf8.first.map(isAlphanumeric) == true
  }

  static func remedy(bytesMax: Int) -> String {
    "use 1 to \(bytesMax) letters, digits, '.', '_' and '-', a letter or a digit first"
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
  }
}
