import Glibc
import StrataCore
import StrataRuntime
import Synchronization

/// A private redis-server for tests: a unix socket in a folder of its own, no network.
///
/// A shell stands between: it kills the server and removes the folder when this process ends, however it ends. So
/// nothing is left behind, and several test processes may run at once.
public final class RedisFixture: Sendable {
  public let folder: String
  public var socketPath: String { folder + "/redis.sock" }
  public var url: String { "unix://\(socketPath)" }

  private struct Server {
    let shell: pid_t
    let server: pid_t
    /// The shell's input and output; the thread that reads it closes it.
    let socket: Int32
  }

  /// What its command line begins with.
  private let arguments: [String]
  /// What it logs once it answers.
  private let readyWords: String
  private let running = Mutex<Server?>(nil)

  /// The server of this process, for tests that keep to a namespace of their own.
  public static let shared: Result<RedisFixture, any Error> = Result { try RedisFixture() }

  /// Starts a server, and returns when it accepts connections.
  ///
  /// - Parameter options: of redis-server, such as `["--maxmemory", "8mb"]`; by default it keeps an append-only file.
  public init(_ options: [String] = ["--appendonly", "yes", "--save", ""]) throws {
    folder = try Self.makeFolder()
    arguments = ["--port", "0", "--dir", folder, "--daemonize", "no"] + options
    readyWords = "eady to accept connections"
    try start()
  }

  /// Starts a sentinel.
  ///
  /// - Parameter configuration: its file, with its port.
  public init(sentinel configuration: String) throws {
    folder = try Self.makeFolder()
    let path = folder + "/sentinel.conf"
    guard let file = fopen(path, "w") else { throw StrataError.system("write \(path)") }
    fputs(configuration, file)
    fclose(file)
    arguments = [path, "--sentinel", "--dir", folder]
    readyWords = "+monitor master"
    try start()
  }

  private static func makeFolder() throws -> String {
    var template = Array("/tmp/strata-redis-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw StrataError.system("make a temporary folder") }
    return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { stop() }

  /// Starts the server again, on the data that it left.
  public func start() throws {
    try running.withLock { server in
      guard server == nil else { return }
      server = try launch()
    }
  }

  /// Kills the server with SIGKILL and waits until it is gone; its data stays.
  public func kill() {
    end(saying: "keep\n")
  }

  /// Stops the server in the middle of whatever it does, or has it go on.
  public func freeze(_ isFrozen: Bool) {
    running.withLock { server in
      if let server { Glibc.kill(server.server, isFrozen ? SIGSTOP : SIGCONT) }
    }
  }

  /// What `redis-cli` prints of the answer to a command.
  public func ask(_ command: String) throws -> String {
    guard let output = popen("redis-cli -s \(socketPath) \(command) 2>&1", "r") else {
      throw StrataError.system("start redis-cli")
    }
    var text = ""
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    while getline(&line, &capacity, output) > 0, let line { text += String(cString: line) }
    free(line)
    guard pclose(output) == 0 else { throw StrataError(.unavailable, "redis-cli \(command): \(text)") }
    return String(decoding: text.utf8.filter { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
  }

  /// Kills the server and removes its folder. Safe to call twice.
  public func stop() {
    end(saying: "")
    // Of one that was killed before the data stayed.
    if access(folder, F_OK) == 0, let removal = popen("rm -rf '\(folder)'", "r") { pclose(removal) }
  }

  private func end(saying word: String) {
    running.withLock { server in
      guard let ended = server else { return }
      server = nil
      Glibc.kill(ended.server, SIGKILL)
      _ = word.withCString { write(ended.socket, $0, strlen($0)) }
      shutdown(ended.socket, Int32(SHUT_WR))
      var status: Int32 = 0
      while waitpid(ended.shell, &status, 0) == -1 && errno == EINTR {}
    }
  }

  // MARK: Starting

  private static let script = """
    folder=$1; shift
    redis-server "$@" & server=$!
    echo "server $server"
    read word
    kill -9 $server 2>/dev/null
    wait $server 2>/dev/null
    [ "$word" = keep ] || rm -rf "$folder"
    """

  private func launch() throws -> Server {
    let (socket, shell) = try Self.spawn(
      ["sh", "-c", Self.script, "sh", folder] + arguments + ["--unixsocket", socketPath, "--logfile", ""])
    guard let server = Self.waitUntilReady(socket, readyWords) else {
      throw StrataError(.unavailable, "redis-server did not start in \(folder)", remedy: "install redis-server")
    }
    return Server(shell: shell, server: server, socket: socket)
  }

  /// Starts a shell whose input and output are one socket, which no other child inherits.
  private static func spawn(_ arguments: [String]) throws -> (socket: Int32, pid: pid_t) {
    var ends: [Int32] = [0, 0]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw StrataError.system("make a socket pair") }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    // Threads of Swift's pool block most signals, and a shell that inherits that never sees its child end.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var noSignals = sigset_t()
    sigemptyset(&noSignals)
    posix_spawnattr_setsigmask(&attributes, &noSignals)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var words = arguments.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var pid: pid_t = 0
    let failure = posix_spawnp(&pid, "sh", &actions, &attributes, &words, environ)
    close(ends[1])
    guard failure == 0 else { throw StrataError.system("start a shell", errorNumber: failure) }
    return (ends[0], pid)
  }

  /// Reads the server's log until it is ready, then leaves the reading to a thread. Nil where the server ended first.
  private static func waitUntilReady(_ socket: Int32, _ words: String) -> pid_t? {
    guard let log = fdopen(socket, "r") else { return nil }
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    var server: pid_t?
    while getline(&line, &capacity, log) > 0, let text = line.map({ String(cString: $0) }) {
      if text.hasPrefix("server ") { server = pid_t(text.dropFirst(7).dropLast()) }
      guard text.contains(words) else { continue }
      free(line)
      nonisolated(unsafe) let log = log
      try? Thread.start(name: "redis-log") {
        while fgetc(log) != EOF {}
        fclose(log)
      }
      return server
    }
    free(line)
    fclose(log)
    return nil
  }
}
