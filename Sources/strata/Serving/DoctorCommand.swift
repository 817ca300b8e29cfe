import StrataCore
import StrataStack

extension Command {
  static let doctor = Command(
    name: "doctor", summary: "Check everything that Strata needs from this machine",
    details: "The exit code is 1 if something is missing that Strata cannot run without.",
    options: [.dataDirectory, .json],
    run: { arguments in
      // A stack that runs here has its port, and whatever has it is no obstacle.
      let runs = try DataFolder.find(arguments).map { directory in try directory.tenure != .free } ?? false
      let checks = await Doctor(dataDirectory: try DataFolder.path(arguments), port: runs ? nil : 8_420).examine()
      if arguments.has("json") {
        Terminal.print(try JSONText.of(checks.map(CheckShape.init)))
      } else {
        for check in checks { Terminal.print(check.text) }
      }
      return Doctor.isFit(checks) ? .done : .failedJob
    })
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
