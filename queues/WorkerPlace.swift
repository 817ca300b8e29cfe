/// Where a worker is and what it is called, for people. The queue keeps it as one text (`JobQueue.heartbeat`) and does not
/// look into it.
public struct WorkerPlace: Hashable, Sendable {
  /// Its host and the number of its process, such as `build-3:4711`.
  public let address: String
  /// How many jobs it runs at most; nil where it has not said.
  public let slots: Int?
  /// What its stack calls it, such as `worker-1`; nil where nobody calls it anything.
  public let name: String?

  public init(address: String, slots: Int?, name: String?) {
    self.address = address
    self.slots = slots
    self.name = name
  }

  private static let separator: Character = "\t"

  public var text: String {
    [address, slots.map(String.init) ?? "", name ?? ""].joined(separator: String(Self.separator))
  }

  /// Reads what `text` is. Of an address alone, which is what older workers say, the rest is nil.
  public init(text: String) {
    let parts = text.split(separator: Self.separator, omittingEmptySubsequences: false).map(String.init)
    let name = parts.count > 2 ? parts[2] : ""
    self.init(
      address: parts.first ?? "", slots: parts.count > 1 ? Int(parts[1]) : nil, name: name.isEmpty ? nil : name)
  }
}
