public import StrataCore

/// What a client asks for, before anything of it is checked.
public struct JobDraft: Sendable {
  /// A capability's own name or one it is sold under.
  public var capability: String
  /// A JSON object's text.
  public var parametersJSON: String
  /// In the order in which the job has them. It runs after the jobs that make some.
  public var inputs: [JobInput]
  public var priority: JobPriority
  /// Replaces the capability's tier.
  public var tier: TierName?
  /// Replaces the capability's request.
  public var cpuMillicores: Int64?
  /// Replaces the capability's request.
  public var memoryBytes: Int64?
  /// Replaces the capability's request.
  public var gpuThousandths: Int64?
  /// How else it may run, the preferred way first.
  public var alternatives: [Alternative] = []
  /// Replaces the capability's time limit.
  public var timeoutSeconds: Int64?
  public var maxCharge: MicroCredits?
  /// The most units of the capability's meter that it may come to, which is held for; nil for as many as its inputs say.
  public var unitsMax: Int64?
  /// When it is to run at the earliest; nil for at once.
  public var start: StartTime?
  /// It fails where no attempt of it has begun by then; nil for never.
  public var startBy: StartTime?
  /// How it is preempted; nil where it may not be.
  public var preemption: PreemptionTerms?
  public var idempotencyKey: String?
  /// What its owner calls it and finds it by.
  public var metadata = JobMetadata()
  /// What of the capability's retry policy is otherwise.
  public var retry: RetryOverride?
  /// How it stands to other jobs.
  public var structure: JobStructure
  /// The run of a schedule that it is.
  var occurrence: ScheduleOccurrence?
  /// Which tasks it stands for; nil for one job.
  public var array: ArrayDraft?
  /// The task of an array that it does again.
  var task: ArrayTask?
  /// The identifier that its job is to have; nil for a new one.
  var job: JobID?

  /// Another way to run a job. What is nil is as the job has it.
  public struct Alternative: Hashable, Codable, Sendable {
    public var tier: TierName?
    public var cpuMillicores: Int64?
    public var memoryBytes: Int64?
    public var gpuThousandths: Int64?

    public init(
      tier: TierName? = nil, cpuMillicores: Int64? = nil, memoryBytes: Int64? = nil, gpuThousandths: Int64? = nil
    ) {
      self.tier = tier
      self.cpuMillicores = cpuMillicores
      self.memoryBytes = memoryBytes
      self.gpuThousandths = gpuThousandths
    }

    init(_ placement: Placement) {
      self.init(
        tier: placement.tier, cpuMillicores: placement.resources.cpuMillicores,
        memoryBytes: placement.resources.memoryBytes, gpuThousandths: placement.resources.gpuThousandths)
    }

    enum CodingKeys: String, CodingKey {
      case tier
      case cpuMillicores = "cpu_millicores"
      case memoryBytes = "memory_bytes"
      case gpuThousandths = "gpu_thousandths"
    }

    /// The way that is meant, for a job that would rather run in `preferred`.
    func placement(beside preferred: Placement) -> Placement {
      let resources = preferred.resources
      return Placement(
        tier: tier ?? preferred.tier,
        resources: ResourceRequest(
          cpuMillicores: cpuMillicores ?? resources.cpuMillicores, memoryBytes: memoryBytes ?? resources.memoryBytes,
          gpuThousandths: gpuThousandths ?? resources.gpuThousandths))
    }
  }

  public init(
    capability: String, parametersJSON: String, inputs: [JobInput] = [], priority: JobPriority = .standard,
    tier: TierName? = nil, cpuMillicores: Int64? = nil, memoryBytes: Int64? = nil, gpuThousandths: Int64? = nil,
    timeoutSeconds: Int64? = nil, maxCharge: MicroCredits? = nil, start: StartTime? = nil,
    startBy: StartTime? = nil, preemption: PreemptionTerms? = nil, idempotencyKey: String? = nil,
    structure: JobStructure = JobStructure(), array: ArrayDraft? = nil
  ) {
    self.capability = capability
    self.parametersJSON = parametersJSON
    self.inputs = inputs
    self.priority = priority
    self.tier = tier
    self.cpuMillicores = cpuMillicores
    self.memoryBytes = memoryBytes
    self.gpuThousandths = gpuThousandths
    self.timeoutSeconds = timeoutSeconds
    self.maxCharge = maxCharge
    self.start = start
    self.startBy = startBy
    self.preemption = preemption
    self.idempotencyKey = idempotencyKey
    self.structure = structure
    self.array = array
  }
}

extension JobDraft {
  /// Those of its inputs that are there.
  var storedInputs: [ArtifactReference] { inputs.compactMap(\.artifact) }
}

/// The answer to an accepted draft.
public struct AdmittedJob: Hashable, Sendable {
  public let id: JobID
  public let state: JobState
  /// The most it may be charged.
  public let held: MicroCredits
  /// Whether it was accepted before, under the same idempotency key.
  public let isRepeat: Bool
  /// How many tasks there are, where this is an array: then `held` is the most that each may be charged, and nothing is
  /// held for those that are not made.
  public var tasks: Int?
  /// What its owner should know although it was accepted.
  public var warnings: [SubmissionWarning] = []
}
