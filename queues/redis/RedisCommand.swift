/// One command in the form that goes over the wire (RESP version 2): binary-safe, one buffer however many arguments.
public struct RedisCommand: Sendable {
  private var body: [UInt8] = []
  private var count = 0

  public init(_ words: String...) {
    for word in words { append(word) }
  }

  public mutating func append(_ bytes: some Collection<UInt8>) {
    count += 1
    appendHeader("$", bytes.count)
    body.append(contentsOf: bytes)
    body.append(contentsOf: [0x0D, 0x0A])
  }

  public mutating func append(_ text: String) { append(text.utf8) }

  public mutating func append(_ number: some BinaryInteger) { append(String(number).utf8) }

  private mutating func appendHeader(_ mark: Unicode.Scalar, _ number: Int) {
    body.append(UInt8(ascii: mark))
    body.append(contentsOf: String(number).utf8)
    body.append(contentsOf: [0x0D, 0x0A])
  }

  /// The whole command.
  var encoded: [UInt8] { Array("*\(count)\r\n".utf8) + body }

  /// How many bytes it takes, about.
  var sizeBytes: Int { body.count }
}
