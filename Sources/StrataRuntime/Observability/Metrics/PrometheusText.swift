/// Names and values that tell members of one metric apart: `["tier": "cpu"]`.
public typealias MetricLabels = [String: String]

package enum MetricKind: String, Sendable { case counter, gauge, histogram }

package enum MetricValue: Sendable, Hashable {
  case number(Double)
  /// `counts` has one more element than `bounds`: what lies above all of them.
  case distribution(bounds: [Double], counts: [UInt64], sum: Double)
}

/// All members of one metric at one moment.
package struct MetricFamily: Sendable {
  package let name: String
  package let help: String
  package let kind: MetricKind
  package let members: [(labels: MetricLabels, value: MetricValue)]

  package init(
    name: String, help: String, kind: MetricKind, members: [(labels: MetricLabels, value: MetricValue)]
  ) {
    self.name = name
    self.help = help
    self.kind = kind
    self.members = members
  }
}

/// The text format in which Prometheus reads metrics, version 0.0.4. Pure.
package enum PrometheusText {
  package static func render(_ families: [MetricFamily]) -> String {
    families.sorted { $0.name < $1.name }.map(render).joined()
  }

  private static func render(_ family: MetricFamily) -> String {
    var text = "# HELP \(family.name) \(escaped(family.help, quotes: false))\n"
    text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
    let members = family.members.map { (labels: written($0.labels), value: $0.value) }.sorted { $0.labels < $1.labels }
    for member in members { text += lines(family.name, member.labels, member.value) }
    return text
  }

  private static func lines(_ name: String, _ labels: String, _ value: MetricValue) -> String {
    switch value {
    case .number(let number): return "\(name)\(braced(labels)) \(written(number))\n"
    case .distribution(let bounds, let counts, let sum):
      var text = ""
      var below: UInt64 = 0
      for (bound, count) in zip(bounds.map(written) + ["+Inf"], counts) {
        below += count
        let separator = labels.isEmpty ? "" : ","
        text += "\(name)_bucket{\(labels)\(separator)le=\"\(bound)\"} \(below)\n"
      }
      return text + "\(name)_sum\(braced(labels)) \(written(sum))\n\(name)_count\(braced(labels)) \(below)\n"
    }
  }

  private static func braced(_ labels: String) -> String { labels.isEmpty ? "" : "{\(labels)}" }

  private static func written(_ labels: MetricLabels) -> String {
    labels.sorted { $0.key < $1.key }.map { "\($0.key)=\"\(escaped($0.value, quotes: true))\"" }.joined(separator: ",")
  }

  private static func written(_ number: Double) -> String {
    if number.isNaN { return "NaN" }
    if number.isInfinite { return number < 0 ? "-Inf" : "+Inf" }
    return abs(number) < 1e15 && number == number.rounded() ? "\(Int64(number))" : "\(number)"
  }

  private static func escaped(_ text: String, quotes: Bool) -> String {
    // By scalar: a carriage return and a line feed together are one character.
    text.unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\"" where quotes: result += "\\\""
      default: result.unicodeScalars.append(scalar)
      }
    }
  }
}
