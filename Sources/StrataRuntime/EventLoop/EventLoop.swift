import CLinux
import Glibc
public import StrataCore
import Synchronization

/// One thread that waits on file descriptors and timers (epoll(7)) and runs Swift tasks in between.
///
/// It is both a `SerialExecutor`, so that an actor may live on it, and a `TaskExecutor`, so that a task started with
/// `Task(executorPreference: loop)` stays on it: a hop within the loop costs under a microsecond, a hop from the
/// default pool some fifteen. Work that occupies the processor for more than a millisecond belongs elsewhere.
///
/// A task without this preference that runs on an actor of the loop takes another turn at calls that do not suspend
/// elsewhere, `withCheckedContinuation` among them: the runtime compares task executors too (`swift_task_switch`), and a
/// job does not tell which it prefers. What is decided before such a call is looked at again inside it.
///
/// Descriptors, timers and turn-end hooks are touched on the loop's own thread only; `enqueue` and `stop` are safe
/// from any thread.
public final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
  /// Called on the loop with the epoll bits that are ready.
  public typealias ReadyHandler = (_ ready: Readiness) -> Void

  private struct Inbox {
    var jobs: [UnownedJob] = []
    var isWakePending = false
    var isStopping = false
  }

  private let inbox = Mutex(Inbox())
  private let epoll: Int32
  private let wakeup: Int32
  private let label: String
  private let threadID = Atomic<UInt>(0)

  // Touched on the loop's thread only.
  private var watches: [Int32: Watch] = [:]
  private var timers = TimerHeap()
  private var turnEndHooks: [Int: () -> Void] = [:]
  private var lastHook = 0

  private final class Watch {
    let handler: ReadyHandler
    init(_ handler: @escaping ReadyHandler) { self.handler = handler }
  }

  /// Starts a loop on a thread of its own.
  ///
  /// - Parameter label: the thread's name, as `top -H` shows it; 15 bytes at most are kept.
  public init(label: String) throws(StrataError) {
    self.label = label
    epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    wakeup = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    guard epoll >= 0, wakeup >= 0 else { throw .system("create an event loop") }
    try watchWakeup()
    try startThread()
  }

  private func watchWakeup() throws(StrataError) {
    var event = unsafe epoll_event(events: EPOLLIN.rawValue, data: epoll_data(fd: wakeup))
    guard unsafe epoll_ctl(epoll, EPOLL_CTL_ADD, wakeup, &event) == 0 else { throw .system("watch a descriptor") }
  }

  private func startThread() throws(StrataError) {
    try Thread.start(name: label) { self.run() }
  }

  // MARK: From any thread

  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let mustWake = inbox.withLock { inbox in
      inbox.jobs.append(job)
      let mustWake = !inbox.isWakePending
      inbox.isWakePending = true
      return mustWake
    }
    if mustWake && !isCurrent { wake() }
  }

  public func asUnownedSerialExecutor() -> UnownedSerialExecutor { unsafe UnownedSerialExecutor(ordinary: self) }
  public func asUnownedTaskExecutor() -> UnownedTaskExecutor { unsafe UnownedTaskExecutor(ordinary: self) }
  public func isSameExclusiveExecutionContext(other: EventLoop) -> Bool { self === other }

  /// Whether the caller runs on this loop's thread.
  public var isCurrent: Bool { threadID.load(ordering: .relaxed) == UInt(pthread_self()) }

  public func checkIsolated() { precondition(isCurrent, "this must run on event loop '\(label)'") }

  /// Runs `work` on the loop, soon.
  public func execute(_ work: @escaping @Sendable () -> Void) {
    Task(executorPreference: self) { work() }
  }

  /// Ends the loop after the jobs already enqueued have run. Safe to call twice. What is enqueued later never runs.
  public func stop() {
    inbox.withLock { $0.isStopping = true }
    wake()
  }

  private func wake() {
    var one: UInt64 = 1
    _ = unsafe Glibc.write(wakeup, &one, 8)
  }

  // MARK: On the loop

  /// Calls `handler` whenever `descriptor` is ready for what `interest` names, until `unwatch`.
  ///
  /// Level-triggered. Watching a watched descriptor replaces its interest and handler.
  public func watch(_ descriptor: Int32, _ interest: Readiness, handler: @escaping ReadyHandler) throws(StrataError) {
    checkIsolated()
    let operation = watches[descriptor] == nil ? EPOLL_CTL_ADD : EPOLL_CTL_MOD
    try control(operation, descriptor, interest)
    watches[descriptor] = Watch(handler)
  }

  /// Changes what a watched descriptor is watched for.
  public func rewatch(_ descriptor: Int32, _ interest: Readiness) throws(StrataError) {
    checkIsolated()
    try control(EPOLL_CTL_MOD, descriptor, interest)
  }

  private func control(_ operation: Int32, _ descriptor: Int32, _ interest: Readiness) throws(StrataError) {
    var event = unsafe epoll_event(events: interest.rawValue, data: epoll_data(fd: descriptor))
    guard unsafe epoll_ctl(epoll, operation, descriptor, &event) == 0 else { throw .system("watch a descriptor") }
  }

  /// Stops watching `descriptor`. Call it before the descriptor is closed. Not an error if it is not watched.
  public func unwatch(_ descriptor: Int32) {
    checkIsolated()
    guard watches.removeValue(forKey: descriptor) != nil else { return }
    _ = epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nil)
  }

  /// Calls `action` once, after `delay` of the monotonic clock.
  ///
  /// - Complexity: O(log n) in the number of pending timers.
  @discardableResult
  public func schedule(after delay: Duration, _ action: @escaping () -> Void) -> LoopTimer {
    checkIsolated()
    let timer = LoopTimer(deadline: .now + delay, action: action)
    timers.insert(timer)
    return timer
  }

  /// Calls `hook` at the end of every turn, before the loop waits again: the place to flush what a turn has gathered.
  ///
  /// - Returns: a number to remove it by.
  @discardableResult
  public func addTurnEndHook(_ hook: @escaping () -> Void) -> Int {
    checkIsolated()
    lastHook += 1
    turnEndHooks[lastHook] = hook
    return lastHook
  }

  /// Calls the hook of that number no more. Not an error if it is not there.
  public func removeTurnEndHook(_ number: Int) {
    checkIsolated()
    turnEndHooks[number] = nil
  }

  /// How many hooks there are.
  package var turnEndHookCount: Int {
    checkIsolated()
    return turnEndHooks.count
  }

  // MARK: The turn

  private func run() {
    threadID.store(UInt(pthread_self()), ordering: .relaxed)
    var events = unsafe [epoll_event](repeating: epoll_event(), count: 256)
    while runJobs() {
      for hook in turnEndHooks.values { hook() }
      let count = unsafe epoll_wait(epoll, &events, Int32(events.count), waitMilliseconds())
      for index in 0..<max(0, Int(count)) { unsafe deliver(events[index]) }
      while let due = timers.popDue(at: .now) { due.fire() }
    }
    watches.removeAll()
    turnEndHooks.removeAll()
    // Another thread may get the same identity later.
    threadID.store(0, ordering: .relaxed)
  }

  // Not at the end of `run`: a late `stop` would write to whatever file has got the number since.
  deinit {
    close(epoll)
    close(wakeup)
  }

  /// Runs the jobs that have arrived, and those that they enqueue, up to a bound so that descriptors get their turn.
  private func runJobs() -> Bool {
    for _ in 0..<64 {
      let (jobs, isStopping) = inbox.withLock { inbox in
        defer {
          inbox.jobs.removeAll(keepingCapacity: true)
          inbox.isWakePending = false
        }
        return (inbox.jobs, inbox.isStopping)
      }
      if jobs.isEmpty { return !isStopping }
      for job in jobs {
        unsafe job.runSynchronously(
          isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
      }
    }
    return true
  }

  private func waitMilliseconds() -> Int32 {
    if inbox.withLock({ !$0.jobs.isEmpty }) { return 0 }
    guard let deadline = timers.nextDeadline else { return -1 }
    let wait = deadline - .now
    // Rounded up: waking a moment early would spin.
    return wait <= .zero ? 0 : Int32(clamping: (wait.nanoseconds + 999_999) / 1_000_000)
  }

  private func deliver(_ event: epoll_event) {
    let descriptor = unsafe event.data.fd
    if descriptor == wakeup {
      var count: UInt64 = 0
      _ = unsafe Glibc.read(wakeup, &count, 8)
      return
    }
    // A handler may have unwatched a descriptor whose event is still in this batch.
    watches[descriptor]?.handler(unsafe Readiness(rawValue: event.events))
  }
}
