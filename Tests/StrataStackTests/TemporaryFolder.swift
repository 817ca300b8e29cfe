import Glibc
import StrataRuntime
import Testing

/// Runs `body` with a private folder that others may pass through, and removes it afterwards.
func withTemporaryFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
  var template = Array("/tmp/strata-test-XXXXXX".utf8CString)
  let path = try template.withUnsafeMutableBufferPointer { buffer in
    String(cString: try #require(mkdtemp(buffer.baseAddress!)))
  }
  chmod(path, 0o711)
  func remove() async throws {
    #expect(try await ChildProcess.spawn(ProcessSpecification("rm", ["-rf", path])).wait().isSuccess)
  }
  do {
    let value = try await body(path)
    try await remove()
    return value
  } catch {
    try await remove()
    throw error
  }
}
