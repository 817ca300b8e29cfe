internal import StrataCore

extension Lane {
  /// The lane as Redis names it; `scripts/shared/lanes.lua` describes the bytes.
  var descriptor: [UInt8] {
    let name = Array(capability.utf8)
    let bytes = [UInt8(priorityClass.rawValue)] + placements[rank].described + [UInt8(name.count)] + name
    return placements.count == 1 ? bytes : bytes + [UInt8(rank)] + placements.flatMap(\.described)
  }

  /// - Returns: nil where the bytes describe no lane.
  init?(descriptor: [UInt8]) {
    var reader = ByteReader(descriptor)
    guard let priorityClass = reader.number(UInt8.self).flatMap({ PriorityClass(rawValue: Int($0)) }),
      let own = Placement(&reader), let length = reader.number(UInt8.self), let capability = reader.text(Int(length))
    else { return nil }
    guard let rank = reader.number(UInt8.self) else {
      self.init(priorityClass: priorityClass, capability: capability, placements: [own], rank: 0)
      return
    }
    var placements: [Placement] = []
    while !reader.isEmpty {
      guard let placement = Placement(&reader) else { return nil }
      placements.append(placement)
    }
    guard placements.indices.contains(Int(rank)), placements[Int(rank)] == own else { return nil }
    self.init(priorityClass: priorityClass, capability: capability, placements: placements, rank: Int(rank))
  }
}

extension Placement {
  fileprivate var described: [UInt8] {
    let amounts = [
      resources.cpuMillicores, resources.memoryBytes, resources.gpuThousandths, resources.weightMillicores,
    ]
    let name = Array(tier.rawValue.utf8)
    return amounts.flatMap { UInt64(clamping: $0).bigEndianBytes } + [UInt8(name.count)] + name
  }

  fileprivate init?(_ reader: inout ByteReader) {
    guard let cpu = reader.amount(), let memory = reader.amount(), let gpu = reader.amount(), reader.amount() != nil,
      let length = reader.number(UInt8.self), let tier = reader.text(Int(length)).flatMap(TierName.init(rawValue:))
    else { return nil }
    self.init(
      tier: tier, resources: ResourceRequest(cpuMillicores: cpu, memoryBytes: memory, gpuThousandths: gpu))
  }
}

extension Gate {
  /// The field of the limits; `scripts/shared/limits.lua` describes it.
  var field: [UInt8] {
    switch self {
    case .tenant(let id): Array("t".utf8) + id.bytes
    case .capability(let name): Array("C\(name)".utf8)
    case .tier(let name): Array("T\(name.rawValue)".utf8)
    }
  }
}

extension ByteReader {
  /// A number of 8 bytes that Lua's doubles hold exactly.
  mutating func amount() -> Int64? {
    number(UInt64.self).flatMap { $0 < QueueLimits.tokenLimit ? Int64($0) : nil }
  }
}
