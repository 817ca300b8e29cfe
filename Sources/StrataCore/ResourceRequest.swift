/// What an attempt needs from a worker.
public struct ResourceRequest: Hashable, Codable, Sendable {
  /// Thousandths of a core.
  public let cpuMillicores: Int64
  public let memoryBytes: Int64
  /// Thousandths of a GPU, which several attempts may share.
  public let gpuThousandths: Int64

  public init(cpuMillicores: Int64 = 1_000, memoryBytes: Int64 = 1 << 30, gpuThousandths: Int64 = 0) {
    self.cpuMillicores = cpuMillicores
    self.memoryBytes = memoryBytes
    self.gpuThousandths = gpuThousandths
  }

  enum CodingKeys: String, CodingKey {
    case cpuMillicores = "cpu_millicores"
    case memoryBytes = "memory_bytes"
    case gpuThousandths = "gpu_thousandths"
  }

  /// No GPU where none is mentioned.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      cpuMillicores: try values.decode(Int64.self, forKey: .cpuMillicores),
      memoryBytes: try values.decode(Int64.self, forKey: .memoryBytes),
      gpuThousandths: try values.decodeIfPresent(Int64.self, forKey: .gpuThousandths) ?? 0)
  }

  /// Whether all of it is within `room`.
  public func fits(in room: ResourceRequest) -> Bool {
    cpuMillicores <= room.cpuMillicores && memoryBytes <= room.memoryBytes && gpuThousandths <= room.gpuThousandths
  }
}

extension ResourceRequest {
  /// Memory of which an attempt may use so much for each core it asked for before the memory counts as cores.
  public static let memoryBytesPerCore: Int64 = 4 << 30
  /// As how many cores a GPU counts.
  public static let coresPerGPU: Int64 = 8

  /// What the request occupies of a worker, as thousandths of cores: the greatest of its parts. What a tenant's share
  /// is counted in.
  public var weightMillicores: Int64 {
    let memory = Int64(
      clamping: (Int128(memoryBytes) * 1_000 + Int128(Self.memoryBytesPerCore) - 1) / Int128(Self.memoryBytesPerCore))
    let gpu = gpuThousandths.multipliedReportingOverflow(by: Self.coresPerGPU)
    return max(1, cpuMillicores, memory, gpu.overflow ? .max : gpu.partialValue)
  }
}
