import StrataCore

/// One figure for what is taken of a worker per second, so that a tenant's share of different resources can be summed
/// and compared: core-equivalents.
///
/// The dominant resource counts alone (after Ghodsi et al., "Dominant Resource Fairness", NSDI 2011): a job that fills
/// a worker's memory leaves its cores to nobody, and is charged as if it used them.
public enum ResourceRate {
  /// Memory that goes with one core. Servers for rent have 2 GiB (compute), 4 GiB (general) or 8 GiB (memory) per core.
  public static let memoryBytesPerCore: Int64 = ResourceRequest.memoryBytesPerCore
  /// Cores that one GPU stands for. Machines with GPUs have 4 to 16 cores for each.
  public static let coresPerGPU: Int64 = ResourceRequest.coresPerGPU
}

extension ResourceAmounts {
  /// Thousandths of a core that the job takes in effect: the greatest of its cores, of the cores that go with its
  /// memory (rounded up), and of those that its GPUs stand for. Saturates at `Int64.max`.
  public var rateMillicores: Int64 {
    let perCore = Int128(ResourceRate.memoryBytesPerCore)
    let memory = (Int128(memoryBytes) * 1_000 + perCore - 1) / perCore
    return max(
      cpuMillicores, Int64(clamping: memory), Int64(clamping: Int128(gpuThousandths) * Int128(ResourceRate.coresPerGPU))
    )
  }
}
