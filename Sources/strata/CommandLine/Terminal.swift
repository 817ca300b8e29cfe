import Glibc
import StrataRuntime

/// Standard output and error, and whether a person is looking at them.
package enum Terminal {
  /// Whether standard error is a terminal that can draw a line again.
  static let isErrorInteractive = isatty(STDERR_FILENO) == 1 && Environment.current["TERM"] != "dumb"
  static let isOutputInteractive = isatty(STDOUT_FILENO) == 1

  /// Writes to standard output.
  static func print(_ text: String, terminator: String = "\n") {
    write(harmless(text) + terminator, to: STDOUT_FILENO)
  }

  /// Writes a list to standard output: to a terminal as a table with a header, elsewhere as lines for other programs.
  ///
  /// - Parameter none: what a person is told of an empty one.
  static func print(_ table: Table, none: String) {
    switch (table.rows.isEmpty, isOutputInteractive) {
    case (false, true): print(table.text)
    case (false, false): print(table.lines)
    case (true, true): print(none)
    case (true, false): note(none)
    }
  }

  /// Writes to standard error: what a person wants to know and a program does not.
  static func note(_ text: String) { write(harmless(text) + "\n", to: STDERR_FILENO) }

  /// `text` without what would make a terminal do something else than show it: control characters but for line breaks
  /// and tabs, and those that change the direction of writing, are written out as JSON writes them. What others named
  /// or a job said goes through here; a job's own log does not.
  package static func harmless(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isCommand) else { return text }
    return text.unicodeScalars.reduce(into: "") { shown, scalar in
      guard isCommand(scalar) else { return shown.unicodeScalars.append(scalar) }
      let digits = String(scalar.value, radix: 16)
      shown += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
  }

  private static func isCommand(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A: false
    case 0...0x1F, 0x7F...0x9F, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }

  /// Writes all of `text`. Gives up silently when nobody reads, as a filter should; ends the program when standard output
  /// takes nothing for another reason, such as a full disk: what was asked for is lost.
  static func write(_ text: String, to descriptor: Int32) { write(Array(text.utf8), to: descriptor) }

  static func write(_ bytes: [UInt8], to descriptor: Int32) {
    let failure = Descriptor.writePatiently(bytes, to: descriptor)
    if failure != 0, failure != EPIPE, descriptor == STDOUT_FILENO { endOutput(failure) }
  }

  /// Writes to standard output what nobody waits for: where it cannot be written, what was asked for has been done all
  /// the same.
  static func announce(_ text: String) {
    let failure = Descriptor.writePatiently(Array((harmless(text) + "\n").utf8), to: STDOUT_FILENO)
    if failure != 0, failure != EPIPE { note("strata: standard output could not be written: \(words(for: failure)).") }
  }

  private static func words(for failure: Int32) -> String { unsafe String(cString: strerror(failure)) }

  private static func endOutput(_ failure: Int32) -> Never {
    note("strata: standard output could not be written: \(words(for: failure)).")
    Process.exit(.failedJob)
  }

  /// Columns of the terminal behind standard error; 80 where there is none.
  static var columns: Int {
    var size = winsize()
    let isKnown = unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return isKnown ? Int(size.ws_col) : 80
  }
}
