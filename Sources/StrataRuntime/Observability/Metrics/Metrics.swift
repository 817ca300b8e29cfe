import Synchronization

/// The metrics of a process, for Prometheus to read.
///
/// Make each metric once and keep it: counting then costs one atomic operation. Finding one by its labels costs a lock
/// and a look-up. Labels must have few values: never a job's or a client's id.
public final class Metrics: Sendable {
  private struct Family {
    let kind: MetricKind
    let help: String
    var members: [MetricLabels: any Metric] = [:]
  }

  private let families = Mutex<[String: Family]>([:])

  public init() {}

  /// Counts events, up only. Its name should end in `_total`.
  public func counter(_ name: String, help: String, labels: MetricLabels = [:]) -> Counter {
    find(name, help, labels, kind: .counter) { Counter() }
  }

  /// A value that goes up and down.
  public func gauge(_ name: String, help: String, labels: MetricLabels = [:]) -> Gauge {
    find(name, help, labels, kind: .gauge) { Gauge() }
  }

  /// How observed values spread over `buckets`, which are their upper bounds.
  public func histogram(
    _ name: String, help: String, labels: MetricLabels = [:], buckets: [Double] = Histogram.secondsBuckets
  ) -> Histogram {
    find(name, help, labels, kind: .histogram) { Histogram(buckets: buckets) }
  }

  private func find<Found: Metric>(
    _ name: String, _ help: String, _ labels: MetricLabels, kind: MetricKind, make: () -> Found
  ) -> Found {
    families.withLock { families in
      if let found = families[name]?.members[labels] {
        guard let found = found as? Found else { preconditionFailure("metric \(name) is of another kind") }
        return found
      }
      let made = make()
      families[name, default: Family(kind: kind, help: help)].members[labels] = made
      return made
    }
  }

  /// All values now, in the text format of Prometheus (version 0.0.4), sorted by name and labels.
  public func render() -> String {
    let snapshot = families.withLock { families in
      families.map { name, family in
        let members = family.members.map { (labels: $0.key, value: $0.value.snapshot) }
        return MetricFamily(name: name, help: family.help, kind: family.kind, members: members)
      }
    }
    return PrometheusText.render(snapshot)
  }
}

/// What `Metrics` keeps: something with a value to show.
protocol Metric: Sendable {
  var snapshot: MetricValue { get }
}
