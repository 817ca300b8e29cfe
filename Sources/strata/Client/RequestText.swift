import StrataAPI
import StrataCore

/// What was asked for with a job, as `strata job show` tells it, and `strata schedule show` and `strata array show` of the
/// jobs that they make.
enum RequestText {
  typealias Row = (name: String, value: String?)

  /// Bytes of a value, in a line.
  private static let valueBytesMax = 400

  static func rows(of job: JobView) -> [Row] {
    [("name", job.name), ("labels", job.labels.map(LabelWords.text))]
      + [capability(job.capability, tier: job.tier.rawValue, priority: job.priority)]
      + parameters(job.params) + inputs(job.inputs) + [("resources", job.resources?.inWords)]
      + (job.alternatives ?? []).map { ("or else", "tier \($0.tier), \($0.resources.inWords)") }
      + [timeLimit(job.timeoutSeconds), ("attempts", job.attemptsMax.map { attempts($0, job.retry?.retryableCodes) })]
  }

  /// What was left to the capability is not told.
  static func rows(of request: JobRequest) -> [Row] {
    let ways = (request.alternatives ?? []).map { way in
      [way.tier.map { "tier \($0)" }, way.resources?.inWords].compactMap(\.self).joined(separator: ", ")
    }
    return [("name", request.name), ("labels", request.labels.map(LabelWords.text))]
      + [capability(request.capability, tier: request.tier, priority: request.priority)]
      + parameters(request.params.map(JSONValue.object)) + inputs(request.inputs)
      + [("resources", request.resources?.inWords)] + ways.map { ("or else", $0) }
      + [
        timeLimit(request.timeoutSeconds),
        ("attempts", request.retry?.attemptsMax.map { attempts($0, request.retry?.retryableCodes.map(Set.init)) }),
        ("start within", request.startWithinSeconds.map { Duration.seconds($0).brief }),
        ("preemptible", terms(of: request).map(text)),
        (
          "max charge",
          request.maxMicrocredits.map { "refused where it could cost over \(MicroCredits(micros: $0)) credits" }
        ),
        ("units", request.unitsMax.map { "at most \($0)" }),
        ("unique key", request.uniqueKey.map { key in unique(key, request) }),
      ]
  }

  static func text(of preemption: PreemptionTerms) -> String {
    "with \(Duration.seconds(preemption.graceSeconds).brief) from SIG\(preemption.signal.rawValue) to save what it has"
  }

  private static func capability(_ name: String, tier: String?, priority: Int?) -> Row {
    let terms = [tier.map { " on tier \($0)" }, priority.map { " with priority \($0)" }].compactMap(\.self)
    return ("capability", name + terms.joined(separator: ","))
  }

  private static func parameters(_ params: JSONValue?) -> [Row] {
    guard case .object(var params)? = params else { return [] }
    var rows: [Row] = []
    if case .array(let words)? = params.removeValue(forKey: "command") {
      rows.append(("command", short(words.map { ShellWord.quoted(text(of: $0)) }.joined(separator: " "))))
    }
    return rows
      + params.filter { !isEmpty($0.value) }.sorted { $0.key < $1.key }.map {
        ("parameter", short("\($0.key)=\(text(of: $0.value))"))
      }
  }

  private static func inputs(_ inputs: [JobInput]?) -> [Row] {
    (inputs ?? []).map { input in
      switch input {
      case .artifact(let file): ("input", "\(file.name)  \(file.sizeBytes.asBytes)  \(file.digest)")
      case .result(let result):
        ("input", "\(result.name.map { "\($0)  " } ?? "")result '\(result.result)' of job \(result.job)")
      }
    }
  }

  private static func timeLimit(_ seconds: Int64?) -> Row {
    ("time limit", seconds.map { "\(Duration.seconds($0).brief) for each attempt" })
  }

  /// - Parameter codes: errors that are tried again although they otherwise would not be.
  private static func attempts(_ most: Int, _ codes: Set<String>?) -> String {
    guard most > 1 else { return "one" }
    guard let codes, !codes.isEmpty else { return "at most \(most)" }
    return "at most \(most), also after \(codes.sorted().joined(separator: ", "))"
  }

  private static func terms(of request: JobRequest) -> PreemptionTerms? {
    guard request.preemptible == true else { return nil }
    return PreemptionTerms(
      graceSeconds: request.graceSeconds ?? PreemptionTerms.graceSecondsStandard,
      signal: request.checkpointSignal ?? .terminate)
  }

  private static func unique(_ key: String, _ request: JobRequest) -> String {
    let time = request.uniqueSeconds.map { "for \(Duration.seconds($0).brief)" } ?? "until it has ended"
    return "'\(key)' \(time)\(request.onDuplicate == .refuse ? ", refused where another job has it" : "")"
  }

  /// A default that says nothing.
  private static func isEmpty(_ value: JSONValue) -> Bool {
    switch value {
    case .null, .array([]), .object([:]): true
    default: false
    }
  }

  private static func text(of value: JSONValue) -> String { value.stringValue ?? value.description }

  /// All of it is in what `--json` prints.
  private static func short(_ text: String) -> String {
    text.utf8.count > valueBytesMax ? "\(text.prefix(valueBytesMax)) … (the rest with --json)" : text
  }
}

extension JobRequest.ResourceOverride {
  /// What is said of it: `2 cores, 1 GPU`.
  var inWords: String {
    [
      cpuMillicores?.asCores, memoryBytes?.asMemory, gpuThousandths.map { $0 == 0 ? "no GPU" : $0.asGPUs },
    ].compactMap(\.self).joined(separator: ", ")
  }
}
