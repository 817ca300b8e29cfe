import StrataServer

/// Feeds a connection machine, answers each request at once, and writes down what it did.
struct MachineDriver {
  private var machine: ConnectionMachine
  private var keepsAlive = false
  /// One line for each action; the parts of a body are one.
  private(set) var record: [String] = []
  private var body: [UInt8] = []

  init(limits: HTTPLimits = HTTPLimits()) { machine = ConnectionMachine(limits: limits) }

  mutating func receive(_ bytes: some Collection<UInt8>) {
    machine.receive(bytes)
    drain()
  }

  mutating func end() {
    machine.endInput()
    drain()
  }

  var pendingBytes: Int { machine.pendingBytes }

  private mutating func drain() {
    while let action = machine.next() { perform(action) }
  }

  private mutating func perform(_ action: ConnectionMachine.Action) {
    switch action {
    case .begin(let head):
      keepsAlive = head.wantsKeepAlive
      record.append("begin \(head.method.rawValue) \(head.path)")
      if head.framing == .none { machine.finishAnswer(keepAlive: keepsAlive) }
    case .body(let bytes): body += bytes
    case .endBody:
      record.append("body \(String(decoding: body, as: UTF8.self))")
      body = []
      machine.finishAnswer(keepAlive: keepsAlive)
    case .failBody(let refusal): record.append("fail \(refusal.code)")
    case .refuse(let refusal): record.append("refuse \(refusal.status.rawValue) \(refusal.code)")
    case .close: record.append("close")
    }
  }

  /// What comes of `bytes` when they arrive in the given pieces and then no more.
  static func outcome(of pieces: [ArraySlice<UInt8>], limits: HTTPLimits = HTTPLimits()) -> [String] {
    var driver = MachineDriver(limits: limits)
    for piece in pieces { driver.receive(piece) }
    driver.end()
    return driver.record
  }

  static func outcome(of text: String, limits: HTTPLimits = HTTPLimits()) -> [String] {
    outcome(of: [Array(text.utf8)[...]], limits: limits)
  }
}
