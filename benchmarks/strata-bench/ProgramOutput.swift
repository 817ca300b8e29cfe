import Foundation
import StrataCore
import StrataRuntime

/// Short programs whose end is waited for.
enum Program {
  private static let outputBytesMax = 1 << 20

  /// Runs a program whose words nobody reads.
  static func perform(_ name: String, _ words: [String]) async throws {
    _ = try await run(name, words, output: .null)
  }

  /// What a program prints, without blanks at its ends.
  static func output(_ name: String, _ words: [String]) async throws -> String {
    String(decoding: try await run(name, words, output: .pipe), as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private static func run(
    _ name: String, _ words: [String], output: ProcessSpecification.Stream
  ) async throws -> [UInt8] {
    var specification = ProcessSpecification(name, words)
    specification.standardOutput = output
    let child = try await ChildProcess.spawn(specification)
    let text = try await child.standardOutput?.readToEnd(bytesMax: outputBytesMax) ?? []
    guard await child.wait().isSuccess else { throw StrataError(.unavailable, "\(name) failed") }
    return text
  }
}
