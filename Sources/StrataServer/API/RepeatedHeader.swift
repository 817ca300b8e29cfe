/// Looks for a header that has one value and is given twice: whoever sent them would believe one, and we another.
enum RepeatedHeader {
  /// Those that the routes read and that are no lists (RFC 9110, section 5.3).
  private static let singular = ["authorization", "idempotency-key", "artifact-name", "range", "last-event-id"]

  /// - Throws: 400, naming the first.
  static func check(_ headers: HTTPHeaders) throws(HTTPRefusal) {
    guard let repeated = singular.first(where: { headers.occurrences(of: $0) > 1 }) else { return }
    throw HTTPRefusal(.badRequest, "repeated_header", "the header '\(repeated)' is given twice; give it once")
  }
}
