extension BinaryInteger {
  /// With what is counted, in words: `1 job`, `2 jobs`.
  ///
  /// - Parameter many: where that is not `one` and an s.
  public func counted(_ one: String, _ many: String? = nil) -> String {
    "\(self) \(self == 1 ? one : many ?? one + "s")"
  }
}
