import StrataCore
import StrataQueue
import StrataRuntime
import Synchronization

// The conversation with the queue. Each loop outlives any outage: it waits a bounded while and tries again.
extension LeaseKeeper {
  func startBackground() -> [Task<Void, Never>] {
    [
      time.start { await self.listen() }, time.start { await self.watchDeadline() },
      time.start { await self.pump.run { self.feed.yield(.leaseLost($0)) } },
      time.start {
        await self.reporter.run(backoff: self.configuration.newBackoff()) { self.feed.yield(.reportsAnswered($0)) }
      },
    ]
  }

  func lease(_ count: Int, _ room: ResourceRequest, _ host: some AttemptHost) async {
    // What could not be stored would be work for nothing.
    let shortage = host.shortage
    tell(of: shortage)
    if shortage != nil { return await putLeasingOff() }
    let duration = configuration.leaseDuration
    await turn.take()
    let riders = reporter.takeRiders()
    // From before the call: the queue counts from a later instant, so the worker never believes too long.
    let until = time.now + duration
    do throws(QueueError) {
      let grant = try await queue.lease(
        LeaseRequest(
          worker: configuration.id, tiers: configuration.tiers, count: count, room: room,
          wholeRoom: configuration.room, completed: riders.map(\.result), dedication: configuration.dedication),
        for: duration)
      // Known to the next heartbeat before its turn comes.
      holdings.withLock { $0.arriving = grant.leases.map(\.reference) }
      turn.give()
      becomeReady()
      leaseBackoff.withLock { $0.reset() }
      reporter.settle(riders, grant.verdicts) { feed.yield(.reportsAnswered($0)) }
      feed.yield(.granted(grant.leases, asked: count, room: room, ownedUntil: until, now: time.now))
    } catch {
      turn.give()
      reporter.putBack(riders)
      log("the queue granted no lease (\(error)); asked again soon")
      await putLeasingOff()
    }
  }

  /// Logs that there is no room, and that there is again: a disk that is short all night is no news every few seconds.
  private func tell(of shortage: String?) {
    let isNews = hasToldOfShortage.withLock { hasTold in
      defer { hasTold = shortage != nil }
      return hasTold != (shortage != nil)
    }
    if isNews { log(shortage.map { "no job is leased: \($0)" } ?? "there is room for results; jobs are leased again") }
  }

  private func putLeasingOff() async {
    feed.yield(.leaseFailed)
    await pause(leaseBackoff.withLock { $0.next() })
    feed.yield(.mayHaveWork)
  }

  func beat() async {
    var backoff = configuration.newBackoff()
    while !Task.isCancelled {
      await turn.take()
      let sent = holdings.withLock { $0.state.held + $0.arriving }
      let until = time.now + configuration.leaseDuration
      do throws(QueueError) {
        let reply = try await queue.heartbeat(
          worker: configuration.id, held: sent, for: configuration.leaseDuration, place: configuration.place)
        turn.give()
        backoff.reset()
        becomeReady()
        feed.yield(
          .heartbeat(
            lost: reply.lost, cancelRequested: reply.cancelRequested, preempted: reply.preempted,
            wasKnown: reply.wasKnown, sent: sent, ownedUntil: until))
        await pause(configuration.heartbeatInterval)
      } catch {
        turn.give()
        log("a heartbeat failed (\(error)); tried again soon")
        await pause(min(configuration.heartbeatInterval, backoff.next()))
      }
    }
  }

  /// Says that it asks for no more jobs, until the queue has heard it: whom it would wake meanwhile takes nothing.
  func leave() async {
    var backoff = configuration.newBackoff()
    while !Task.isCancelled {
      do throws(QueueError) {
        _ = try await queue.leave(configuration.id)
        return
      } catch {
        log("the queue could not be told that no more jobs are asked for (\(error)); tried again soon")
        await pause(backoff.next())
      }
    }
  }

  /// A last heartbeat, by which the queue takes back what it granted in an answer that was lost, and the worker is gone. One
  /// that leaves something unreported says nothing: its leases are to expire. A queue that is away is not waited for longer
  /// than `leavePatience`.
  ///
  /// - Parameter callers: the tasks that sent heartbeats and the like. They have been cancelled, and a call of theirs may
  ///   still be on its way.
  func takeLeave(after callers: [Task<Void, Never>]) async {
    guard reporter.unanswered.isEmpty else { return }
    _ = await Probe.answer(within: configuration.leavePatience, time: time) { [queue, configuration] in
      for caller in callers { await caller.value }
      guard (try? await queue.heartbeat(worker: configuration.id, held: [], for: .zero)) != nil else { return }
      _ = try? await queue.leave(configuration.id)
    }
  }

  private func listen() async {
    var backoff = configuration.newBackoff()
    while !Task.isCancelled {
      do throws(QueueError) {
        let signals = try await queue.signals(for: configuration.id, waitingUpTo: configuration.signalWait)
        backoff.reset()
        for signal in signals { feed.yield(signal.event) }
        // One may have gone to an earlier connection, whose end the server has not seen yet.
        if signals.isEmpty { feed.yield(.mayHaveWork) }
      } catch {
        await pause(backoff.next())
        feed.yield(.queueLost)
      }
    }
  }

  /// Ends everything when the leases have run out, whatever the queue's silence is due to.
  private func watchDeadline() async {
    var announced: Timekeeper.Instant?
    while !Task.isCancelled {
      let until = ownedUntil
      let now = time.now
      if let until, until <= now, until != announced {
        announced = until
        feed.yield(.deadlineReached(now: now))
      }
      // Whatever extends the deadline meanwhile, it is not before this.
      await pause(until.map { $0 > now ? $0 - now : configuration.leaseDuration } ?? configuration.leaseDuration)
    }
  }

  private func pause(_ duration: Duration) async { await time.pause(duration) }
}

extension WorkerSignal {
  fileprivate var event: WorkerState.Event {
    switch self {
    case .work: .mayHaveWork
    case .cancel(let job): .cancelSignalled(job)
    case .preempt(let job): .preemptSignalled(job)
    }
  }
}
