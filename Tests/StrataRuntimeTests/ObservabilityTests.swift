import Glibc
import StrataCore
import StrataRuntime
import Testing

@Suite struct LogTests {
  private func line(_ message: String, _ fields: [(key: String, value: String)] = []) -> LogLine {
    LogLine(
      time: Timestamp(milliseconds: 1_767_225_599_007), level: .info, component: "queue", message: message,
      fields: fields)
  }

  @Test func aLineIsReadableAndComplete() {
    #expect(
      line("lease expired", [("worker", "w1"), ("note", "")]).keyValue
        == "time=2025-12-31T23:59:59.007Z level=info component=queue message=\"lease expired\" worker=w1 note=\"\"\n")
    #expect(
      line("ok", [("n", "1")]).json
        == #"{"time":"2025-12-31T23:59:59.007Z","level":"info","component":"queue","message":"ok","n":"1"}"# + "\n")
  }

  @Test(arguments: [
    "a\nlevel=error", "a\r\nb", "say \"no\"", "back\\slash", "a=b", "tab\t", "\u{1B}[31m", "\u{85}next",
  ])
  func aValueCannotForgeALineOrAField(value: String) {
    for text in [line("m", [("v", value)]).keyValue, line("m", [("v", value)]).json] {
      #expect(text.unicodeScalars.filter { $0.value < 0x20 || $0.value == 0x7F || $0.value == 0x85 } == ["\n"])
      #expect(text.hasSuffix("\"\n") || text.hasSuffix("\"}\n"))
    }
  }

  @Test func levelsBelowTheLogsOwnAreNotWritten() async throws {
    let path = "/tmp/strata-log-\(getpid()).log"
    defer { unlink(path) }
    let log = try Log.file(path, level: .warning).component("test")
    log.info("unseen")
    log.error("seen", ["code": "7"])
    let text = String(decoding: try #require(ProcFile.read(path)), as: UTF8.self)
    #expect(text.hasSuffix("level=error component=test message=seen code=7\n"))
    #expect(!text.contains("unseen"))
  }
}

@Suite struct MetricsTests {
  @Test func allKindsAreRenderedInPrometheusText() {
    let metrics = Metrics()
    metrics.counter("jobs_total", help: "Jobs settled.", labels: ["tier": "gpu"]).increment(by: 3)
    metrics.counter("jobs_total", help: "Jobs settled.", labels: ["tier": "cpu"]).increment()
    metrics.gauge("depth", help: "Jobs\nready.").set(2.5)
    let waits = metrics.histogram("wait_seconds", help: "Waiting.", buckets: [0.5, 2])
    for value in [0.5, 0.25, 1, 7] { waits.observe(value) }
    #expect(
      metrics.render() == """
        # HELP depth Jobs\\nready.
        # TYPE depth gauge
        depth 2.5
        # HELP jobs_total Jobs settled.
        # TYPE jobs_total counter
        jobs_total{tier="cpu"} 1
        jobs_total{tier="gpu"} 3
        # HELP wait_seconds Waiting.
        # TYPE wait_seconds histogram
        wait_seconds_bucket{le="0.5"} 2
        wait_seconds_bucket{le="2"} 3
        wait_seconds_bucket{le="+Inf"} 4
        wait_seconds_sum 8.75
        wait_seconds_count 4

        """)
  }

  @Test func theSameLabelsGiveTheSameMetric() {
    let metrics = Metrics()
    let first = metrics.gauge("g", help: "", labels: ["a": "1"])
    metrics.gauge("g", help: "", labels: ["a": "1"]).add(2)
    metrics.gauge("g", help: "", labels: ["a": "2"]).add(5)
    #expect(first.value == 2)
  }

  @Test func aLabelCannotForgeALine() {
    let family = MetricFamily(
      name: "n", help: "h", kind: .gauge, members: [(["k": "a\"} 1\r\nforged 2\\"], .number(-.infinity))])
    let text = PrometheusText.render([family])
    #expect(text.unicodeScalars.filter { $0 == "\n" }.count == 3)
    #expect(text.hasSuffix("n{k=\"a\\\"} 1\r\\nforged 2\\\\\"} -Inf\n"))
  }

  @Test func threadsCountingTogetherLoseNothing() async {
    let metrics = Metrics()
    let counter = metrics.counter("c_total", help: "")
    let histogram = metrics.histogram("h", help: "", buckets: [1])
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<10_000 {
            counter.increment()
            histogram.observe(0.5)
          }
        }
      }
    }
    #expect(counter.value == 80_000)
    #expect(metrics.render().contains("h_sum 40000\nh_count 80000\n"))
  }
}
