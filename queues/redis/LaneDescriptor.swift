internal import StrataCore

extension Lane {
  /// The lane as Redis names it; `scripts/shared/lanes.lua` describes the bytes.
  var descriptor: [UInt8] {
    var bytes: [UInt8] = [UInt8(priorityClass.rawValue)]
    for number in [
      resources.cpuMillicores, resources.memoryBytes, resources.gpuThousandths, resources.weightMillicores,
    ] {
      bytes += UInt64(clamping: number).bigEndianBytes
    }
    let name = Array(tier.rawValue.utf8)
    return bytes + [UInt8(name.count)] + name + Array(capability.utf8)
  }

  /// - Returns: nil where the bytes describe no lane.
  init?(descriptor: [UInt8]) {
    var reader = ByteReader(descriptor)
    guard let priorityClass = reader.number(UInt8.self).flatMap({ PriorityClass(rawValue: Int($0)) }),
      let cpu = reader.amount(), let memory = reader.amount(), let gpu = reader.amount(), reader.amount() != nil,
      let length = reader.number(UInt8.self),
      let tier = reader.text(Int(length)).flatMap(TierName.init(rawValue:))
    else { return nil }
    self.init(
      tier: tier, priorityClass: priorityClass, capability: String(decoding: reader.remainder(), as: UTF8.self),
      resources: ResourceRequest(cpuMillicores: cpu, memoryBytes: memory, gpuThousandths: gpu))
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
