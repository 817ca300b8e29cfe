/// One event of an event stream.
public struct ServerSentEvent: Hashable, Sendable {
  /// The last id that the stream gave, in this event or before it.
  public var id: String
  /// `message` if the event names none.
  public var name: String
  public var data: String

  public init(id: String = "", name: String = "message", data: String) {
    self.id = id
    self.name = name
    self.data = data
  }
}

/// Reads an event stream (WHATWG HTML, section 9.2.6) from bytes as they come, however they are split.
public struct ServerSentEventParser: Sendable {
  private var line: [UInt8] = []
  private var wasReturn = false
  private var isFirstLine = true
  private var id = ""
  private var name = ""
  private var data: [String] = []

  public init() {}

  /// - Returns: the events that `bytes` complete.
  public mutating func receive(_ bytes: some Sequence<UInt8>) -> [ServerSentEvent] {
    var events: [ServerSentEvent] = []
    for byte in bytes {
      let endsReturn = wasReturn && byte == 0x0A
      wasReturn = byte == 0x0D
      guard byte == 0x0A || byte == 0x0D else {
        line.append(byte)
        continue
      }
      if !endsReturn, let event = endLine() { events.append(event) }
    }
    return events
  }

  private mutating func endLine() -> ServerSentEvent? {
    if isFirstLine && line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
    isFirstLine = false
    defer { line.removeAll(keepingCapacity: true) }
    guard !line.isEmpty else { return dispatch() }
    let colon = line.firstIndex(of: 0x3A) ?? line.endIndex
    var value = line[min(colon + 1, line.endIndex)...]
    if value.first == 0x20 { value.removeFirst() }
    take(String(decoding: line[..<colon], as: UTF8.self), String(decoding: value, as: UTF8.self))
    return nil
  }

  private mutating func take(_ field: String, _ value: String) {
    switch field {
    case "data": data.append(value)
    case "event": name = value
    case "id" where !value.utf8.contains(0): id = value
    // A comment, a reconnection time (the caller decides), or a field yet unknown.
    default: break
    }
  }

  private mutating func dispatch() -> ServerSentEvent? {
    defer {
      data = []
      name = ""
    }
    guard !data.isEmpty else { return nil }
    return ServerSentEvent(id: id, name: name.isEmpty ? "message" : name, data: data.joined(separator: "\n"))
  }
}
