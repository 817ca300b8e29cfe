/// The queue's bounds, each with its default.
public struct QueueLimits: Hashable, Sendable {
  /// Items that one call of a script takes; longer batches are split. Bounds how long Redis is busy with one call.
  /// At most 1000.
  public var batchMax = 500
  /// Bytes of payloads, reports or logs that one call of a script takes; longer batches are split.
  public var batchBytesMax = 4 << 20
  /// Bytes of one job's payload; larger inputs go by reference.
  public var payloadBytesMax = 64 << 10
  /// Bytes of one attempt's report.
  public var reportBytesMax = 256 << 10
  /// Bytes of a job's live log.
  public var liveLogBytesMax = 256 << 10
  /// How long the live log of a finished job is kept.
  public var liveLogRetention = Duration.seconds(60)
  /// Entries of the event log, approximately; an entry holds up to 64 events of one call.
  public var eventsMax = 20_000
  /// Workers that a census lists, those with the nearest deadlines first.
  public var censusWorkersMax = 10_000
  /// Tenants of a pool that are looked at to find those with the most jobs waiting.
  public var poolTenantsMax = 100_000
  /// Entries kept of those that could not be read; the oldest go first.
  public var unreadableMax = 1_000
  /// Bytes kept of one such entry. No outcome of ours is larger.
  public var unreadableBytesMax = 300 << 10

  /// Lanes that there may be: pairs of tier, class, capability and resources ever seen. A lease looks at those of its
  /// tiers that hold jobs.
  public var lanesMax = 1_000
  /// Ways in which the jobs of a lane may run beside the preferred one; each has a lane of its own. At most 200.
  public var alternativesMax = 4
  /// How long an attempt is taken to last where none of its lane has ended yet.
  public var durationUnknown = Duration.seconds(1)
  /// What a tenant may get in one turn of the fair order where its jobs are smaller than that, for each job that the worker
  /// asks for: time on one core, in whole milliseconds. Of 32 that start at once it may be four of a second. Nothing makes
  /// every turn one job; more makes leasing many small jobs of many tenants cheaper.
  public var turnQuantum = Duration.milliseconds(125)
  /// A gate that has run out of starts is looked at again when it has got as many as come in this time, or one.
  public var throttleStep = Duration.milliseconds(10)
  /// Once a worker has kept room for so many times as long as that was expected to take when it began, nothing more runs there
  /// meanwhile: what takes longer than its like cannot put off a large job for ever.
  public var gapPatience = 32
  /// Turns that one call of `lease` gives; a worker that got nothing from so many is signalled to ask again.
  public var turnsMax = 5_000
  /// A job whose attempts ended so often with the loss of their worker is not tried again, whatever attempts it has
  /// left: it may be what kills them.
  public var workerLossesMax = 3

  public init() {}
}
