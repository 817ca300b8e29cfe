import StrataCore
import StrataRuntime

/// What a worker's jobs may ask for together, as `worker` and `up` take it.
enum WorkerRoom {
  static let options: [OptionDefinition] = [
    .option("cpu", "CORES", "what its jobs may ask for together [the machine's, and one for each slot at least]"),
    .option("memory", "SIZE", "the same of memory [the machine's]"),
    .option("gpu", "COUNT", "the same of GPUs [0]"),
  ]

  /// Cores and memory that a worker offers even where the machine has less: what the capabilities of this build ask
  /// for. They run there all the same, only slower.
  private static let least = ResourceRequest(cpuMillicores: 2_000, memoryBytes: 4 << 30)

  static func read(_ arguments: Arguments, slots: Int) throws -> ResourceRequest {
    let whole = MachineCapacity.whole
    return ResourceRequest(
      cpuMillicores: try arguments["cpu"].map { try Quantity.thousandths($0, of: "--cpu") }
        ?? max(least.cpuMillicores, whole.cpuMillicores, Int64(slots) * 1_000),
      memoryBytes: try arguments["memory"].map { try Quantity.bytes($0, of: "--memory") }
        ?? max(least.memoryBytes, whole.memoryBytes),
      gpuThousandths: try arguments["gpu"].map { try Quantity.thousandthsOrNone($0, of: "--gpu") } ?? 0)
  }

  /// The words of a command line that `read` reads the same room from.
  static func words(_ room: ResourceRequest) -> [String] {
    ["--cpu", decimal(room.cpuMillicores), "--memory", "\(room.memoryBytes)B"]
      + (room.gpuThousandths > 0 ? ["--gpu", decimal(room.gpuThousandths)] : [])
  }

  private static func decimal(_ thousandths: Int64) -> String {
    MicroCredits(micros: thousandths * 1_000).description
  }
}
