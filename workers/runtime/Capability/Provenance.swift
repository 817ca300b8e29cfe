public import StrataCore

extension AttemptContext {
  /// What results come from, to be kept beside them: which capability of which version of Strata, which job, the checked
  /// parameters with defaults filled in, and the digests of the inputs. The same provenance, but for the job, means the
  /// same work.
  public var provenance: JSONValue {
    .object([
      "strata": .string(Strata.version), "capability": .string(order.capability),
      "version": .integer(Int64(order.version)), "job": .string(order.job.description),
      "parameters": parameters.json,
      "inputs": .array(
        inputs.map { input in
          .object([
            "name": .string(input.name), "digest": .string(input.digest.description),
            "size_bytes": .integer(input.sizeBytes),
          ])
        }),
    ])
  }
}
