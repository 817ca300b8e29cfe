import Glibc
import StrataCore
import StrataRuntime

/// A child process that is measured. It is told to end by the end of its standard input, and so ends with its parent.
final class BenchmarkProcess {
  let identifier: pid_t
  /// The first line it printed, or what it printed until it ended.
  let firstLine: String
  private let input: Int32

  init(_ arguments: [String]) throws(StrataError) {
    var inward: [Int32] = [0, 0]
    var outward: [Int32] = [0, 0]
    guard unsafe pipe(&inward) == 0, unsafe pipe(&outward) == 0 else { throw .system("make a pipe") }
    for end in inward + outward { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    identifier = try Self.spawn(arguments, input: inward[0], output: outward[1])
    close(inward[0])
    close(outward[1])
    input = inward[1]
    firstLine = Self.readLine(outward[0])
    close(outward[0])
  }

  deinit {
    close(input)
    waitpid(identifier, nil, 0)
  }

  private static func spawn(_ arguments: [String], input: Int32, output: Int32) throws(StrataError) -> pid_t {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_adddup2(&actions, input, 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, output, 1)
    var words: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) } + [nil]
    defer { unsafe words.forEach { word in unsafe free(word) } }
    var identifier: pid_t = 0
    let failure = unsafe posix_spawn(&identifier, arguments[0], &actions, nil, &words, environ)
    guard failure == 0 else { throw .system("start \(arguments[0])", errorNumber: failure) }
    return identifier
  }

  private static func readLine(_ descriptor: Int32) -> String {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while unsafe Glibc.read(descriptor, &byte, 1) == 1, byte != 0x0A { line.append(byte) }
    return String(decoding: line, as: UTF8.self)
  }

  func waitForExit() throws(StrataError) -> Int {
    var information = unsafe siginfo_t()
    let flags = WEXITED | WNOWAIT
    guard unsafe waitid(P_PID, id_t(identifier), &information, Int32(flags)) == 0 else { throw .system("wait") }
    return unsafe Int(information._sifields._sigchld.si_status)
  }

  /// User and system time of all its threads, living and ended.
  func processorSeconds() throws(StrataError) -> Double {
    // The name before the last parenthesis may hold spaces; utime and stime are the 14th and 15th fields.
    let text = try read("stat")
    let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
    guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else { return 0 }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  func residentBytes() throws(StrataError) -> Int {
    let fields = try read("statm").split(separator: " ")
    return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
  }

  private func read(_ name: String) throws(StrataError) -> String {
    let descriptor = unsafe open("/proc/\(identifier)/\(name)", O_RDONLY)
    guard descriptor >= 0 else { throw .system("read /proc/\(identifier)/\(name)") }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = unsafe Glibc.read(descriptor, &bytes, bytes.count)
    return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
  }
}

/// An open event stream.
final class BenchmarkStream {
  private let descriptor: Int32

  init(port: String) throws(StrataError) {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port)?.bigEndian ?? 0
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    let failure = unsafe withUnsafePointer(to: &address) {
      unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    let request = Array("GET /events HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
    var answer = [UInt8](repeating: 0, count: 1024)
    guard failure == 0, unsafe send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count,
      unsafe recv(descriptor, &answer, answer.count, 0) > 0
    else { throw .system("open an event stream") }
  }

  deinit { close(descriptor) }
}
