import StrataArtifacts
import StrataCore
import StrataLedger
import StrataQueue
import StrataRuntime

extension ControlPlane {
  /// Why the controller is not consuming, one sentence each; empty when it is. Takes `Configuration.probeTimeout` at
  /// most.
  public func obstacles() async -> [String] {
    async let queue = queueObstacle()
    async let ledger = ledgerObstacle()
    var obstacles = [await queue, await ledger].compactMap(\.self)
    if let trouble = reconciler.trouble ?? admission.entrance.retries.trouble {
      obstacles.append("jobs that were accepted cannot be enqueued: \(trouble)")
    }
    if let silence = settler.silence, silence > configuration.settlerSilenceMax {
      obstacles.append("no outcome could be settled for \(Int(silence.seconds)) s")
    }
    return obstacles + follower.obstacles + consumption.obstacles.map(\.message)
  }

  /// What an operator should look at though jobs are being consumed, one sentence each. Takes
  /// `Configuration.probeTimeout` at most.
  public func warnings() async -> [String] {
    let census = await Probe.answer(within: configuration.probeTimeout) { [queue] in try? await queue.census() }
    var warnings: [String] = []
    if let closure = admission.room.door.closure { warnings.append("no jobs are accepted: \(closure.words)") }
    if let count = census??.unreadable, count > 0 {
      warnings.append("\(count) entries of the queue could not be read and lie aside")
    }
    if let shortage = await disk.run({ [store] in store.shortage }) { warnings.append(shortage) }
    return warnings
  }

  /// Looks how full the queue is, as happens regularly.
  package func lookAtRoom() async { await admission.room.look() }

  private func queueObstacle() async -> String? {
    let away = "the queue cannot be reached"
    let answer = await Probe.answer(within: configuration.probeTimeout) { [queue] () -> String? in
      do {
        return try await queue.generation() == nil ? "the queue is being rebuilt from the ledger" : nil
      } catch {
        return away
      }
    }
    return answer ?? away
  }

  private func ledgerObstacle() async -> String? {
    let away = "the ledger cannot be reached"
    let answer = await Probe.answer(within: configuration.probeTimeout) { [ledger] () -> String? in
      do {
        _ = try await ledger.rates()
        return nil
      } catch {
        return away
      }
    }
    return answer ?? away
  }
}
