import Foundation
import StrataClient
import StrataCore
import StrataRuntime
import StrataServer
import StrataStack
import Testing
import strata

/// Parts of the command that can be looked at without a stack.
@Suite struct CommandPartsTests {
  @Test(arguments: [
    (400, 2), (404, 2), (408, 4), (409, 3), (422, 2), (429, 3), (500, 1), (502, 4), (503, 4),
  ]) func aServersRefusalHasItsExitCode(status: Int, code: Int32) {
    let refusal = ClientError.refused(ProblemDetails(status: status, body: []))
    #expect(Failure.status(of: refusal.strataError.code).rawValue == code)
  }

  /// What a job says of itself is shown, never obeyed.
  @Test func whatWouldCommandATerminalIsWrittenOut() {
    #expect(
      Terminal.harmless("a\u{1B}[2Jb\u{9B}1m\u{7}\u{7F}\r\u{202E}") == #"a\u001b[2Jb\u009b1m\u0007\u007f\u000d\u202e"#)
    #expect(Terminal.harmless("zwei\tZeilen\n█ ✓") == "zwei\tZeilen\n█ ✓")
  }

  /// What has been told to end is not called ready, and what was called ready is not told to end.
  @Test func anInterruptionIsHeardBeforeTheStartIsOverOrNotAtAll() {
    let early = Interruption()
    #expect(early.hear(SIGINT) == 1 && early.hear(SIGTERM) == 2)
    #expect(early.signal == SIGINT && !early.finish() && early.signal == SIGINT)
    let late = Interruption()
    #expect(late.finish() && late.hear(SIGINT) == nil && late.signal == nil)
  }

  /// A disk that is full for a while: what listens is not listened at a second time, against itself.
  @Test func anAddressThatCannotBeWrittenDownYetIsServedAndToldLater() async throws {
    try await withFolder("listeners") { folder in
      let directory = try DataDirectory.open(folder + "/data")
      let file = directory.run + "/http-address"
      // No file takes the place of a folder that has something in it.
      try FileManager.default.createDirectory(atPath: file + "/x", withIntermediateDirectories: true)
      let loop = try EventLoop(label: "listeners")
      defer { loop.stop() }
      let server = HTTPServer(loop: loop) { _ in HTTPResponse(.ok, contentType: "text/plain", body: .empty) }
      let endpoint = Endpoint(directory: directory)
      let telling = try await APIListeners(server: server, endpoint: endpoint, log: .silent)
        .open(.tcp(host: "127.0.0.1", port: 0))
      try FileManager.default.removeItem(atPath: file)
      try await eventually("the address is told") { endpoint.httpAddress != nil }
      await telling?.value
      let client = HTTPClient(try ClientEndpoint(try #require(endpoint.httpAddress)))
      #expect(try await client.send(ClientRequest("GET", ["healthz"])).status == 200)
      await server.shutdown(budget: .zero)
    }
  }
}
