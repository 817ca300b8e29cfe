import FoundationEssentials
package import StrataCore

/// Reports as the queue carries them.
package enum ReportCoding {
  /// As JSON, at most `bytesMax` bytes: a report over it loses its results and summary and becomes a failure, so that
  /// nothing ends in silence.
  package static func encode(_ report: AttemptReport, bytesMax: Int) -> (bytes: [UInt8], wasCut: Bool) {
    if let bytes = encode(report), bytes.count <= bytesMax { return (bytes, false) }
    var cut = report
    cut.results = []
    cut.summaryJSON = nil
    cut.error = .outputTooLarge("the list of results and the summary are over \(bytesMax) bytes")
    return (encode(cut) ?? [], true)
  }

  private static func encode(_ report: AttemptReport) -> [UInt8]? {
    if let bytes = report.plainlyEncoded { return bytes }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return (try? encoder.encode(report)).map { Array($0) }
  }

  package static func order(from payload: [UInt8]) -> WorkOrder? {
    WorkOrder(plainlyEncoded: payload) ?? (try? JSONDecoder().decode(WorkOrder.self, from: Data(payload)))
  }
}
