import FoundationEssentials

/// A summary as JSON, keys in order, with a newline at its end.
func summaryJSON(_ summary: some Encodable) throws(PointCloudError) -> [UInt8] {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
  do {
    return try Array(encoder.encode(summary)) + [0x0A]
  } catch {
    throw PointCloudError(
      .corrupt, "the summary holds a number that JSON cannot: \(error)", remedy: "Check the file's coordinates.")
  }
}

/// Writes a summary as `summary.json`, which appears complete or not at all and replaces one that is there.
package func writeSummary(_ summary: some Encodable, in folder: String) throws(PointCloudError) {
  try writeFile(summaryJSON(summary), "\(folder)/summary.json")
}
