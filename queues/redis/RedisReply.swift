internal import CHiredis

extension RedisValue {
  /// A copy of what hiredis parsed.
  init(_ reply: UnsafePointer<redisReply>) {
    switch unsafe reply.pointee.type {
    case REDIS_REPLY_STRING, REDIS_REPLY_STATUS: self = unsafe .bytes(Self.bytes(of: reply))
    case REDIS_REPLY_INTEGER: self = unsafe .integer(reply.pointee.integer)
    case REDIS_REPLY_ARRAY: self = unsafe .array(Self.elements(of: reply))
    case REDIS_REPLY_ERROR: self = unsafe .error(String(decoding: Self.bytes(of: reply), as: UTF8.self))
    default: self = .none
    }
  }

  private static func bytes(of reply: UnsafePointer<redisReply>) -> [UInt8] {
    guard let text = unsafe reply.pointee.str else { return [] }
    return unsafe Array(UnsafeRawBufferPointer(start: text, count: reply.pointee.len))
  }

  private static func elements(of reply: UnsafePointer<redisReply>) -> [RedisValue] {
    unsafe (0..<reply.pointee.elements).map { index in
      guard let element = unsafe reply.pointee.element[index] else { return RedisValue.none }
      return unsafe RedisValue(element)
    }
  }
}
