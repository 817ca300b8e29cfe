import CFuzzer
import Glibc

/// Feeds one reader with bytes that follow its branches (libFuzzer), and checks what comes of them.
///
/// `STRATA_FUZZ_TARGET` names the reader. By the environment, as libFuzzer starts itself anew to merge and to make findings smaller.
///
///     strata-fuzz --targets            the names there are
///     strata-fuzz --seeds FOLDER       writes small sound files to begin with
///     strata-fuzz [OPTION|FOLDER|FILE …]   libFuzzer; files are replayed
@main struct StrataFuzz {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    if arguments.first == "--targets" { return print(FuzzTarget.allCases.map(\.rawValue).joined(separator: "\n")) }
    guard let name = getenv("STRATA_FUZZ_TARGET"), let target = FuzzTarget(rawValue: String(cString: name)) else {
      print("STRATA_FUZZ_TARGET is none of \(FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))")
      exit(2)
    }
    let scratch = try Scratch()
    if arguments.first == "--seeds", let folder = arguments.dropFirst().first {
      for (number, seed) in try target.seeds(scratch).enumerated() {
        try Scratch.write(seed, "\(folder)/seed-\(number)")
      }
      return
    }
    check = try target.makeCheck(scratch)
    var (count, values) = (CommandLine.argc, Optional(CommandLine.unsafeArgv))
    let status = withUnsafeMutablePointer(to: &values) { pointer in
      pointer.withMemoryRebound(to: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?.self, capacity: 1) {
        LLVMFuzzerRunDriver(&count, $0) { bytes, size in
          check(Array(UnsafeBufferPointer(start: bytes, count: size)))
          return 0
        }
      }
    }
    exit(status)
  }
}

/// Of the target. libFuzzer's callback captures nothing, and runs on the main thread alone.
nonisolated(unsafe) private var check: ([UInt8]) -> Void = { _ in }

/// Ends the process, which libFuzzer takes for a finding.
func broken(_ promise: String) -> Never { fatalError("a promise is broken: \(promise)") }

func require(_ holds: Bool, _ promise: @autoclosure () -> String) {
  if !holds { broken(promise()) }
}
