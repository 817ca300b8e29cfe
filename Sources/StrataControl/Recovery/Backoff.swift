/// How long to wait before trying again: 50 ms, doubling up to 2 s.
struct Backoff {
  private static let first = Duration.milliseconds(50)
  private static let longest = Duration.seconds(2)
  private var next = first

  mutating func reset() { next = Self.first }

  /// Waits; returns early when the task is cancelled.
  mutating func pause() async {
    try? await Task.sleep(for: next)
    next = min(Self.longest, next * 2)
  }
}
