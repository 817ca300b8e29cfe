import CLinux
import Glibc
import StrataCore
import StrataRuntime

/// A client of beanstalkd: as much of its text protocol as the benchmarks speak. Calls block their thread until the server
/// has answered; one task at a time may use it.
final class BeanstalkClient: @unchecked Sendable {
  /// Longer than any job is waited for.
  private static let patience = Duration.seconds(86_400)
  private static let tube = "default"
  /// As many commands as go out before their answers are read.
  private static let putsAtOnce = 500

  private let socket: Descriptor
  private var received: [UInt8] = []
  /// What of `received` has been taken.
  private var taken = 0

  init(_ path: String) throws(StrataError) {
    let number = unsafe strata_connect_unix(path, Int32(Self.patience.milliseconds))
    guard number >= 0 else { throw .system("connect to \(path)") }
    socket = Descriptor(owning: number)
  }

  func send(_ commands: [UInt8]) throws(StrataError) { try socket.writeNow(commands) }

  func send(_ command: String) throws(StrataError) { try send(Array((command + "\r\n").utf8)) }

  /// The next line, without its end.
  func line() throws(StrataError) -> ArraySlice<UInt8> {
    var searched = taken
    while true {
      if let end = received[searched...].firstIndex(of: 0x0A) {
        defer { taken = end + 1 }
        return received[taken..<(end - 1)]
      }
      searched = received.count - taken
      try receive()
    }
  }

  /// The next so many bytes, whose line ends after them.
  @discardableResult
  func body(_ count: Int) throws(StrataError) -> ArraySlice<UInt8> {
    while received.count - taken < count + 2 { try receive() }
    defer { taken += count + 2 }
    return received[taken..<(taken + count)]
  }

  /// Reads what comes next; what was taken is forgotten.
  private func receive() throws(StrataError) {
    received.removeSubrange(..<taken)
    taken = 0
    var bytes = [UInt8](repeating: 0, count: Descriptor.readBytesMax)
    let count = unsafe read(socket.raw, &bytes, bytes.count)
    guard count > 0 else { throw .system("read from beanstalkd") }
    received += bytes.prefix(count)
  }

  /// - Throws: where the next line is another.
  private func expect(_ word: String) throws(StrataError) -> [ArraySlice<UInt8>] {
    let fields = try line().split(separator: 0x20)
    guard let first = fields.first, first.elementsEqual(word.utf8) else {
      let answer = fields.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
      throw StrataError(.internalError, "beanstalkd answered '\(answer)' instead of \(word)")
    }
    return fields
  }

  /// Puts jobs with a priority each, and waits until all are acknowledged.
  func put(_ count: Int) throws(StrataError) {
    for first in stride(from: 0, to: count, by: Self.putsAtOnce) {
      let places = first..<min(first + Self.putsAtOnce, count)
      let commands = places.map { place in
        let body = "\(place)"
        return "put \(place % 10) 0 60 \(body.utf8.count)\r\n\(body)\r\n"
      }
      try send(Array(commands.joined().utf8))
      for _ in places { _ = try expect("INSERTED") }
    }
  }

  /// Waits for a job.
  ///
  /// - Returns: its number, as text.
  func reserve() throws(StrataError) -> String {
    try send("reserve")
    let fields = try expect("RESERVED")
    guard fields.count == 3, let count = Int(String(decoding: fields[2], as: UTF8.self)) else {
      throw StrataError(.internalError, "beanstalkd reserved no job")
    }
    let number = String(decoding: fields[1], as: UTF8.self)
    try body(count)
    return number
  }

  func delete(_ job: String) throws(StrataError) {
    try send("delete \(job)")
    _ = try expect("DELETED")
  }

  /// Has nobody get a job for so long; 0 ends that.
  func pause(seconds: Int) throws(StrataError) {
    try send("pause-tube \(Self.tube) \(seconds)")
    _ = try expect("PAUSED")
  }

  /// How many jobs wait or are reserved.
  func unfinished() throws(StrataError) -> Int {
    try send("stats-tube \(Self.tube)")
    let fields = try expect("OK")
    guard fields.count == 2, let count = Int(String(decoding: fields[1], as: UTF8.self)) else { return 0 }
    let text = String(decoding: try body(count), as: UTF8.self)
    return text.split(separator: "\n").reduce(0) { sum, line in
      let pair = line.split(separator: ":")
      guard pair.count == 2, ["current-jobs-ready", "current-jobs-reserved"].contains(pair[0]) else { return sum }
      return sum + (Int(pair[1].drop { $0 == " " }) ?? 0)
    }
  }
}

/// A beanstalkd of a benchmark's own, in memory only, at a unix socket.
enum BeanstalkServer {
  /// Starts it. Returns its socket.
  static func start(_ cleanUp: CleanUp) async throws -> String {
    let program = try Peers.program("beanstalkd")
    let socket = try ScratchFolder(cleanUp).socket("beanstalkd.sock")
    // It complains of every client that leaves.
    let server = try await LineProcess(program, ["-l", "unix:" + socket], complaints: .null)
    cleanUp.add { await server.stop() }
    while (try? BeanstalkClient(socket)) == nil {
      guard server.isRunning else { throw StrataError(.unavailable, "beanstalkd ended during its start") }
      try await Task.sleep(for: .milliseconds(10))
    }
    return socket
  }
}
