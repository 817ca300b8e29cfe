import StrataCore
import StrataStack

extension Command {
  static let doctor = Command(
    name: "doctor", summary: "Check everything that Strata needs from this machine",
    details: "The exit code is 1 if something is missing that Strata cannot run without.",
    options: [.dataDirectory, .json],
    run: { arguments in
      let folder = try DataFolder.path(arguments)
      // A stack that runs here has its port, and whatever has it is no obstacle.
      let checks = await Doctor(dataDirectory: folder, port: hasStack(folder) ? nil : 8_420).examine()
      if arguments.has("json") {
        Terminal.print(try JSONText.of(checks.map(CheckShape.init)))
      } else {
        for check in checks { Terminal.print(check.text) }
      }
      return Doctor.isFit(checks) ? .done : .failedJob
    })
}

/// Whether a stack runs in a folder, as far as this user may know. One that is closed to it is for the checks to tell.
private func hasStack(_ folder: String) -> Bool {
  let tenure = try? DataDirectory.find(folder)?.tenure
  return tenure != nil && tenure != .free
}

/// A check as JSON.
private struct CheckShape: Encodable {
  let name: String
  let status: String
  let found: String
  let remedy: String?

  init(_ check: Check) {
    name = check.name
    status = check.status.rawValue
    found = check.found
    remedy = check.remedy
  }
}
