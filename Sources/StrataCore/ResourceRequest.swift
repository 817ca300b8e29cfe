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

  /// How many times it fits within `room`, at most so often.
  public func count(in room: ResourceRequest, atMost most: Int) -> Int {
    func times(_ need: Int64, _ there: Int64) -> Int { need > 0 ? Int(clamping: max(0, there) / need) : most }
    return min(
      most, times(cpuMillicores, room.cpuMillicores), times(memoryBytes, room.memoryBytes),
      times(gpuThousandths, room.gpuThousandths))
  }

  /// What is left of it beside `other`, less than nothing where that is more.
  public func less(_ other: ResourceRequest) -> ResourceRequest {
    ResourceRequest(
      cpuMillicores: cpuMillicores - other.cpuMillicores, memoryBytes: memoryBytes - other.memoryBytes,
      gpuThousandths: gpuThousandths - other.gpuThousandths)
  }

  /// It and so many times `other`. Saturates: a worker may say that it has room for anything.
  public func adding(_ other: ResourceRequest, times count: Int64 = 1) -> ResourceRequest {
    func sum(_ a: Int64, _ b: Int64) -> Int64 { Int64(clamping: Int128(a) + Int128(b) * Int128(count)) }
    return ResourceRequest(
      cpuMillicores: sum(cpuMillicores, other.cpuMillicores), memoryBytes: sum(memoryBytes, other.memoryBytes),
      gpuThousandths: sum(gpuThousandths, other.gpuThousandths))
  }
}

extension ResourceRequest {
  /// Memory that goes with one core: what is asked for beyond that counts as cores.
  public static let memoryBytesPerCore: Int64 = 4 << 30
  /// Cores that one GPU stands for.
  public static let coresPerGPU: Int64 = 8

  /// What the request occupies of a worker, as thousandths of cores: the greatest of its cores, of the cores that go with
  /// its memory (rounded up) and of those that its GPUs stand for; at least 1, at most `Int64.max`. A tenant's share is
  /// counted in it. The dominant resource counts alone (after Ghodsi et al., "Dominant Resource Fairness", NSDI 2011): a
  /// job that fills a worker's memory leaves its cores to nobody.
  public var weightMillicores: Int64 {
    let memory = Int64(
      clamping: (Int128(memoryBytes) * 1_000 + Int128(Self.memoryBytesPerCore) - 1) / Int128(Self.memoryBytesPerCore))
    let gpu = gpuThousandths.multipliedReportingOverflow(by: Self.coresPerGPU)
    return max(1, cpuMillicores, memory, gpu.overflow ? .max : gpu.partialValue)
  }
}
