import StrataCore
import Synchronization

/// The time of a recording. Two recordings have times that differ in each of their bytes, and that pass at another pace: so
/// what depends on the moment is all that differs.
final class RecordingClock: Sendable {
  private static let starts: [Int64] = [0x0006_5C0A_1B2C_3D4E, 0x0005_A3F5_E4D3_C2B1]
  private static let paces: [Int64] = [1_234_567, 31_987_654]

  private let microseconds: Mutex<Int64>
  private let pace: Int64

  /// - Parameter number: of the recording, 0 or 1.
  init(_ number: Int) {
    microseconds = Mutex(Self.starts[number])
    pace = Self.paces[number]
  }

  var clock: WallClock { WallClock { [self] in Timestamp(microseconds: microseconds.withLock { $0 }) } }
  func advance() { microseconds.withLock { $0 += pace } }

  /// Whether `text` is a time of either recording.
  static func isOf(_ text: String) -> Bool {
    guard let number = Int64(text) else { return false }
    return zip(starts, paces).contains { start, pace in
      number >= start && number < start + 1_000 * pace && (number - start) % pace == 0
    }
  }
}
