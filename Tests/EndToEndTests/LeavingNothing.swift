import Foundation
import StrataRuntime

/// Runs `body` with a stack, and leaves nothing behind of it, whatever `body` did to it or started in its folder.
func withStack<Value>(
  http: String = "127.0.0.1:0", _ body: (StackUnderTest) async throws -> Value
) async throws -> Value {
  let stack = try await StackUnderTest(http: http)
  do {
    let value = try await leavingNothing(in: stack.folder + "/data") { try await body(stack) }
    await stack.stop()
    return value
  } catch {
    await stack.stop()
    throw error
  }
}

/// Runs `body`, which may start stacks in the data folder, and ends what it has left there, whether it throws or not.
func leavingNothing<Value>(in data: String, _ body: () async throws -> Value) async throws -> Value {
  do {
    let value = try await body()
    await endStack(in: data)
    return value
  } catch {
    await endStack(in: data)
    throw error
  }
}

/// Asks, hastens, and kills what carries the stack's mark.
private func endStack(in data: String) async {
  let first = try? await strata("down", "--data-dir", data, "--grace", "2")
  if first?.code != 0 { _ = try? await strata("down", "--data-dir", data, "--grace", "60") }
  let lock = (try? String(contentsOfFile: data + "/run/lock", encoding: .utf8)) ?? ""
  guard let identity = lock.split(separator: "\n").dropFirst(2).first else { return }
  for process in ProcessTree.everyone() where process.carries("STRATA_STACK_ID=\(identity)") {
    kill(process.pid, SIGKILL)
  }
}
