import FoundationEssentials
package import StrataCore

/// One attempt as the worker hands it to a runner.
package struct Assignment: Hashable, Sendable {
  package let order: WorkOrder
  /// Nil where nobody has placed it: `LocalRun`.
  package let tier: TierName?
  package let inputs: [InputFile]
  package let workingFolder: String
  package let outputFolder: String
  /// Nil of a job that may not be preempted.
  package let checkpointFolder: String?
  package let cores: Int

  package init(
    order: WorkOrder, tier: TierName? = nil, inputs: [InputFile], workingFolder: String, outputFolder: String,
    checkpointFolder: String? = nil, cores: Int
  ) {
    self.order = order
    self.tier = tier
    self.inputs = inputs
    self.workingFolder = workingFolder
    self.outputFolder = outputFolder
    self.checkpointFolder = checkpointFolder
    self.cores = cores
  }
}

/// What a worker tells its runner.
package enum RunnerRequest: Hashable, Sendable {
  case run(Assignment)
  /// The attempt is preempted: tell the handler, and send the signal to whatever it started.
  case save(PreemptionTerms.Signal)
  /// End the attempt gently: tell the handler, and send SIGTERM to whatever it started.
  case stop
}

/// What a runner tells its worker.
package enum RunnerReply: Hashable, Sendable {
  /// It can take an assignment.
  case ready
  case progress(fraction: Double?, stage: String?)
  /// The attempt has ended and nothing that it started is left.
  case outcome(RunnerOutcome)
}

package struct RunnerOutcome: Hashable, Sendable {
  /// The handler's account of its work, a JSON object.
  package let summaryJSON: String?
  /// Why it failed.
  package let error: AttemptError?
  /// CPU time of the attempt over all its processes.
  package let cpuMicroseconds: Int64
  /// The peak of the attempt's largest process.
  package let memoryPeakBytes: Int64
  /// What the capability's meter has counted.
  package let units: Int64

  package init(
    summaryJSON: String? = nil, error: AttemptError? = nil, cpuMicroseconds: Int64 = 0, memoryPeakBytes: Int64 = 0,
    units: Int64 = 0
  ) {
    self.summaryJSON = summaryJSON
    self.error = error
    self.cpuMicroseconds = cpuMicroseconds
    self.memoryPeakBytes = memoryPeakBytes
    self.units = units
  }
}

/// A body of a frame: a letter for its kind, and fields one after the other. Both sides are always the same build, so there
/// are no names and no versions; what is rare and has a shape of its own is JSON in a field.
package protocol RunnerMessage {
  var body: [UInt8] { get throws }
  init(body: [UInt8]) throws
}

extension RunnerMessage {
  package var frame: [UInt8] { get throws { try Frames.encode(body) } }
}

extension RunnerRequest: RunnerMessage {
  package var body: [UInt8] {
    get throws {
      switch self {
      case .run(let assignment):
        var fields = FieldWriter("r")
        try fields.write(assignment)
        return fields.bytes
      case .save(let signal):
        var fields = FieldWriter("s")
        fields.write(signal.rawValue)
        return fields.bytes
      case .stop: return FieldWriter("e").bytes
      }
    }
  }

  package init(body: [UInt8]) throws {
    var fields = FieldReader(body)
    switch try fields.kind() {
    case "r": self = .run(try fields.assignment())
    case "s": self = .save(try fields.required(try fields.text().flatMap(PreemptionTerms.Signal.init)))
    case "e": self = .stop
    default: throw MessageError.unreadable
    }
  }
}

extension RunnerReply: RunnerMessage {
  package var body: [UInt8] {
    get throws {
      switch self {
      case .ready: return FieldWriter("y").bytes
      case .progress(let fraction, let stage):
        var fields = FieldWriter("p")
        fields.write(fraction.map { "\($0)" })
        fields.write(stage)
        return fields.bytes
      case .outcome(let outcome):
        var fields = FieldWriter("o")
        fields.write(outcome.summaryJSON)
        try fields.write(json: outcome.error)
        fields.write(outcome.cpuMicroseconds)
        fields.write(outcome.memoryPeakBytes)
        fields.write(outcome.units)
        return fields.bytes
      }
    }
  }

  package init(body: [UInt8]) throws {
    var fields = FieldReader(body)
    switch try fields.kind() {
    case "y": self = .ready
    case "p": self = .progress(fraction: try fields.text().flatMap(Double.init), stage: try fields.text())
    case "o":
      self = .outcome(
        RunnerOutcome(
          summaryJSON: try fields.text(), error: try fields.json(AttemptError.self),
          cpuMicroseconds: try fields.integer(), memoryPeakBytes: try fields.integer(),
          units: try fields.integer()))
    default: throw MessageError.unreadable
    }
  }
}

package enum MessageError: Error { case unreadable }

extension FieldWriter {
  fileprivate mutating func write(_ assignment: Assignment) throws {
    write(try assignment.order.plainlyEncoded ?? Array(JSONEncoder().encode(assignment.order)))
    write(assignment.tier?.rawValue)
    try write(json: assignment.inputs.isEmpty ? nil : assignment.inputs)
    write(assignment.workingFolder)
    write(assignment.outputFolder)
    write(assignment.checkpointFolder)
    write(Int64(assignment.cores))
  }
}

extension FieldReader {
  fileprivate mutating func assignment() throws -> Assignment {
    Assignment(
      order: try required(try field().flatMap(ReportCoding.order)), tier: try text().flatMap(TierName.init(rawValue:)),
      inputs: try json([InputFile].self) ?? [], workingFolder: try required(text()), outputFolder: try required(text()),
      checkpointFolder: try text(), cores: Int(try integer()))
  }
}
