import FoundationEssentials
import StrataCore
import StrataWorker

/// Copies inputs to where a command looks for them. Copies, because a command may do as it likes with its folder, and
/// the originals are shared.
enum InputPlacement {
  static func copy(_ inputs: [InputFile], into folder: String) throws(AttemptError) {
    for input in inputs {
      do {
        let target = "\(folder)/\(input.name)"
        try FileManager.default.copyItem(atPath: input.path, toPath: target)
        try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: target)
      } catch {
        throw .workerFault("the input '\(input.name)' could not be placed: \(error)")
      }
    }
  }
}
