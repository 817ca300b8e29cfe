/// What an operator wants of the queue's order, in milliseconds, 0 for never: `GET /v1/queue/policy`, and the body of
/// `PATCH`, where nil leaves a member as it is.
public struct QueuePolicyView: Hashable, Codable, Sendable {
  /// How long a job waits that needs more than any worker has free, before one that could have it keeps its room for it.
  public var keepRoomAfter: Int64?
  /// After so long a worker that keeps room is asked whether it still does.
  public var keepRoomFor: Int64?
  /// A class of a tier that has not been served for so long goes first, for one job.
  public var classPatience: Int64?
  /// So much waiting counts as much as one of priority.
  public var priorityAgeing: Int64?
  /// How long a job waits before jobs of lower classes that may be preempted end for it.
  public var preemptAfter: Int64?

  public init(
    keepRoomAfter: Int64? = nil, keepRoomFor: Int64? = nil, classPatience: Int64? = nil, priorityAgeing: Int64? = nil,
    preemptAfter: Int64? = nil
  ) {
    self.keepRoomAfter = keepRoomAfter
    self.keepRoomFor = keepRoomFor
    self.classPatience = classPatience
    self.priorityAgeing = priorityAgeing
    self.preemptAfter = preemptAfter
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case keepRoomAfter = "keep_room_after_ms"
    case keepRoomFor = "keep_room_for_ms"
    case classPatience = "class_patience_ms"
    case priorityAgeing = "priority_ageing_ms"
    case preemptAfter = "preempt_after_ms"
  }

  public static var members: [String: [String]] { ["": CodingKeys.allCases.map(\.rawValue)] }
}
