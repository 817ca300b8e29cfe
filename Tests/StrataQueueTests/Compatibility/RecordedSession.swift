import Foundation
import StrataQueue

/// What a version said to Redis in `CompatibilityScenario`, act by act, in a form that can be said again: what depends on the
/// moment (tokens, times, positions in logs) is told by where in an earlier reply it was.
struct RecordedVersion: Codable {
  /// Of the queue's keys and values.
  var layout: Int
  /// The scripts, as the version loads them.
  var library: String
  /// By the name of the side.
  var sides: [String: RecordedSession]
}

/// Whether it is of digits, as a time or a position in a log.
private func isNumeral(_ bytes: [UInt8]) -> Bool {
  !bytes.isEmpty && bytes.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
}

/// What one side said.
struct RecordedSession: Codable {
  /// A word of a command.
  enum Word: Hashable {
    case fixed([UInt8])
    /// A part of an earlier reply: the step's number, and the way to it.
    case told(step: Int, path: [Int], as: Form)
  }

  /// How a number of a reply is said.
  enum Form: String, CaseIterable {
    case same
    case decimal
    /// Eight bytes, the highest first.
    case bigEndian

    func bytes(of value: RedisValue) -> [UInt8]? {
      switch (self, value) {
      case (.same, .bytes(let bytes)): bytes
      case (.decimal, .integer(let number)): Array(String(number).utf8)
      case (.bigEndian, .integer(let number)):
        withUnsafeBytes(of: UInt64(bitPattern: number).bigEndian) { Array($0) }
      default: nil
      }
    }
  }

  /// A reply, as far as it is the same each time.
  indirect enum Shape: Hashable {
    case none
    case integer(Int64)
    case bytes([UInt8])
    case error(String)
    case array([Shape])
    /// A number, or a text of digits, that depends on the moment.
    case someInteger, someNumeral
    /// Bytes of which some depend on the moment: those that are nil.
    case bytesLike([UInt8?])

    func fits(_ value: RedisValue) -> Bool {
      switch (self, value) {
      case (.none, .none), (.someInteger, .integer): true
      case (.someNumeral, .bytes(let bytes)): isNumeral(bytes)
      case (.bytesLike(let pattern), .bytes(let bytes)):
        pattern.count == bytes.count && zip(pattern, bytes).allSatisfy { $0 == nil || $0 == $1 }
      case (.integer(let one), .integer(let other)): one == other
      case (.bytes(let one), .bytes(let other)): one == other
      case (.error(let one), .error(let other)): one == other
      case (.array(let one), .array(let other)):
        one.count == other.count && zip(one, other).allSatisfy { $0.fits($1) }
      default: false
      }
    }
  }

  struct Step: Codable {
    let words: [Word]
    let reply: Shape
  }

  struct Act: Codable {
    let name: String
    let steps: [Step]
  }

  var acts: [Act] = []

  // MARK: Making it

  /// - Parameters:
  ///   - first: what was said and answered, by act.
  ///   - second: the same once more: what differs depends on the moment.
  /// - Throws: where a word differs that no earlier reply had in it, or a reply has another form.
  init(
    _ first: [(name: String, exchanges: [RecordingProxy.Exchange])],
    _ second: [(name: String, exchanges: [RecordingProxy.Exchange])]
  ) throws {
    var told: [(RedisValue, RedisValue)] = []
    for (one, other) in zip(first, second) {
      guard one.name == other.name, one.exchanges.count == other.exchanges.count else {
        throw RecordingFailure(
          what: "act '\(one.name)' took \(one.exchanges.count) and \(other.exchanges.count) commands")
      }
      var steps: [Step] = []
      for (a, b) in zip(one.exchanges, other.exchanges) {
        guard let replies = Self.both(a.reply, b.reply), a.command.count == b.command.count else {
          throw RecordingFailure(what: "act '\(one.name)' has a command without a reply")
        }
        let words = try zip(a.command, b.command).map { try Self.word($0, $1, told, one.name) }
        steps.append(Step(words: words, reply: try Self.shape(replies.0, replies.1, one.name)))
        told.append(replies)
      }
      acts.append(Act(name: one.name, steps: steps))
    }
  }

  private static func both<Value>(_ one: Value?, _ other: Value?) -> (Value, Value)? {
    if let one, let other { (one, other) } else { nil }
  }

  private static func word(
    _ one: [UInt8], _ other: [UInt8], _ told: [(RedisValue, RedisValue)], _ act: String
  ) throws -> Word {
    if one == other { return .fixed(one) }
    if isInstant(one) && isInstant(other) { return .fixed([]) }
    for (step, replies) in told.enumerated().reversed() {
      for (path, leaf) in replies.0.leaves {
        for form in Form.allCases {
          guard form.bytes(of: leaf) == one, let same = replies.1[path[...]], form.bytes(of: same) == other else {
            continue
          }
          return .told(step: step, path: path, as: form)
        }
      }
    }
    throw RecordingFailure(what: "act '\(act)' says \(one) and \(other), and nobody has told it that")
  }

  /// Whether a word is the time of a recording. Where it is said again the server's own time is meant.
  private static func isInstant(_ word: [UInt8]) -> Bool {
    RecordingClock.isOf(String(decoding: word, as: UTF8.self))
  }

  private static func shape(_ one: RedisValue, _ other: RedisValue, _ act: String) throws -> Shape {
    switch (one, other) {
    case (.none, .none): .none
    case (.integer(let number), .integer(let same)): number == same ? .integer(number) : .someInteger
    case (.bytes(let bytes), .bytes(let same)) where bytes == same: .bytes(bytes)
    case (.bytes(let bytes), .bytes(let same)) where isNumeral(bytes) && isNumeral(same): .someNumeral
    case (.bytes(let bytes), .bytes(let same)) where bytes.count == same.count:
      .bytesLike(zip(bytes, same).map { $0 == $1 ? $0 : nil })
    case (.error(let text), .error(let same)) where text == same: .error(text)
    case (.array(let elements), .array(let same)) where elements.count == same.count:
      .array(try zip(elements, same).map { try shape($0, $1, act) })
    default: throw RecordingFailure(what: "act '\(act)' was answered \(one) and \(other)")
    }
  }

  // MARK: Saying it again

  /// Says the acts once more, as they were recorded.
  struct Speaker {
    private let session: RecordedSession
    private let connection: RedisConnection
    private var told: [RedisValue] = []

    /// Loads the version's scripts.
    ///
    /// - Throws: where the version has no such side.
    init(of side: String, _ version: RecordedVersion, on connection: RedisConnection) async throws {
      guard let session = version.sides[side] else { throw RecordingFailure(what: "it has no side '\(side)'") }
      (self.session, self.connection) = (session, connection)
      _ = try await connection.send(RedisCommand("FUNCTION", "LOAD", version.library))
    }

    /// - Returns: the replies that were other than those recorded.
    mutating func say(_ name: String) async throws -> [String] {
      guard let act = session.acts.first(where: { $0.name == name }) else {
        throw RecordingFailure(what: "it has no act '\(name)'")
      }
      var surprises: [String] = []
      for step in act.steps {
        var command = RedisCommand()
        for word in step.words { command.append(try bytes(of: word)) }
        let reply = try await connection.send(command)
        if !step.reply.fits(reply) {
          surprises.append("\(name): expected \(step.reply), got \(reply)")
        }
        told.append(reply)
      }
      return surprises
    }

    private func bytes(of word: Word) throws -> [UInt8] {
      switch word {
      case .fixed(let bytes): return bytes
      case .told(let step, let path, let form):
        guard told.indices.contains(step), let value = told[step][path[...]], let bytes = form.bytes(of: value) else {
          throw RecordingFailure(what: "step \(step) has not told what it did")
        }
        return bytes
      }
    }
  }
}
