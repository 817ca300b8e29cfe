import FoundationEssentials
package import StrataCore

/// One attempt as the worker hands it to a runner.
package struct Assignment: Hashable, Codable, Sendable {
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
package enum RunnerRequest: Hashable, Codable, Sendable {
  case run(Assignment)
  /// The attempt is preempted: tell the handler, and send the signal to whatever it started.
  case save(PreemptionTerms.Signal)
  /// End the attempt gently: tell the handler, and send SIGTERM to whatever it started.
  case stop
}

/// What a runner tells its worker.
package enum RunnerReply: Hashable, Codable, Sendable {
  /// It can take an assignment.
  case ready
  case progress(fraction: Double?, stage: String?)
  /// The attempt has ended and nothing that it started is left.
  case outcome(RunnerOutcome)
}

package struct RunnerOutcome: Hashable, Codable, Sendable {
  package let product: AttemptProduct
  /// CPU time of the attempt over all its processes.
  package let cpuMicroseconds: Int64
  /// The peak of the attempt's largest process.
  package let memoryPeakBytes: Int64

  package init(product: AttemptProduct, cpuMicroseconds: Int64 = 0, memoryPeakBytes: Int64 = 0) {
    self.product = product
    self.cpuMicroseconds = cpuMicroseconds
    self.memoryPeakBytes = memoryPeakBytes
  }
}

/// Messages as JSON: a frame can be read by a person, and the two sides are always the same build.
package enum MessageCoding {
  package static func frame(_ message: some Encodable) throws -> [UInt8] {
    try Frames.encode(Array(JSONEncoder().encode(message)))
  }

  package static func read<Message: Decodable>(_ type: Message.Type, from body: [UInt8]) throws -> Message {
    try JSONDecoder().decode(type, from: Data(body))
  }
}
