internal import StrataCore

/// What an operator wants of the queue's order, beyond what tenants pay for.
public struct QueuePolicy: Hashable, Sendable {
  /// How long a job waits that needs more than any worker has free, before one that could have it keeps its room for it;
  /// nil for ever. More than zero. Only what is expected to be over by then runs in what is kept.
  public var keepRoomAfter: Duration? = .seconds(3_600)
  /// How often a worker that keeps room is told to ask for jobs, whereby it says whether it still does. At least a
  /// microsecond.
  public var keepRoomFor = Duration.seconds(30)
  /// A class of a tier that has not been served for so long goes first, for one job; nil: higher classes always do.
  public var classPatience: Duration?
  /// So much waiting counts as much as one of priority among the jobs of a tenant, in whole milliseconds; nil: waiting
  /// counts nothing. A change is for jobs that become ready from then on.
  public var priorityAgeing: Duration?
  /// How long a job waits before jobs of lower classes that may be preempted end for it; nil for ever. The controller's to
  /// see to, not the queue's. Long enough for many a job to end by itself meanwhile, so that no work is lost for it; and no
  /// longer than such a job is given to save what it has, which its preemptor waits for anyway.
  public var preemptAfter: Duration? = .seconds(30)

  public init() {}

  public static let standard = QueuePolicy()

  /// As the scripts have it.
  var numbers: [Int64] {
    [
      keepRoomAfter?.wholeMicroseconds ?? 0, max(1, keepRoomFor.wholeMicroseconds),
      classPatience?.wholeMicroseconds ?? 0, priorityAgeing?.milliseconds ?? 0,
    ]
  }
}
