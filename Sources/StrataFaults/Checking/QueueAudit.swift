import StrataCore

/// Looks into the queue's keys at one instant, whatever its own scripts think of them: each job is in one place, and what
/// lanes count is what there is.
package struct QueueAudit: Sendable {
  private let redis: RedisTool

  package init(redis: RedisTool) { self.redis = redis }

  /// What is wrong; nil where Redis does not answer.
  package func look() async -> [String]? {
    guard let text = try? await redis.ask("EVAL", Self.script, "1", "{strata}:8:") else { return nil }
    return text.split(separator: "\n").map(String.init)
  }

  /// What is left of jobs, where all have ended; nil where Redis does not answer.
  package func left() async -> [String]? {
    guard let text = try? await redis.ask("EVAL", Self.leftScript, "1", "{strata}:8:") else { return nil }
    return text.split(separator: "\n").map(String.init)
  }

  private static let leftScript = """
    #!lua flags=no-writes,allow-oom
    local prefix, left = KEYS[1], {}
    local function expect(what, count) if count > 0 then left[#left + 1] = count .. ' ' .. what end end
    expect('jobs are left', redis.call('HLEN', prefix .. 'jobs'))
    expect('lines of waiting jobs are left', #redis.call('KEYS', prefix .. 'queue:*'))
    expect('workers hold leases', #redis.call('KEYS', prefix .. 'held:*'))
    expect('outcomes are not acknowledged', redis.call('XLEN', prefix .. 'outcomes'))
    expect('jobs have progress', redis.call('HLEN', prefix .. 'progress'))
    local timers = 0
    for _, name in ipairs(redis.call('ZRANGE', prefix .. 'timers', 0, -1)) do
      if #name == 16 or #name == 17 and string.sub(name, 1, 1) == 'x' then timers = timers + 1 end
    end
    expect('timers of jobs are left', timers)
    return left
    """

  /// See docs/queue.md, Keys.
  private static let script = """
    #!lua flags=no-writes,allow-oom
    local prefix, wrong, place, counts = KEYS[1], {}, {}, {}
    local function hex(bytes) return (string.gsub(bytes, '.', function(c) return string.format('%02x', string.byte(c)) end)) end
    local function say(text) if #wrong < 20 then wrong[#wrong + 1] = text end end
    local function count(lane, what)
      counts[lane] = counts[lane] or { ready = 0, leased = 0, delayed = 0 }
      counts[lane][what] = counts[lane][what] + 1
    end
    local function put(id, where)
      if place[id] then say('job ' .. hex(id) .. ' is ' .. place[id] .. ' and ' .. where) end
      place[id] = where
    end
    if redis.call('HEXISTS', prefix .. 'state', 'generation') == 0 then return {} end
    for _, key in ipairs(redis.call('KEYS', prefix .. 'queue:*')) do
      local lane = string.sub(key, #prefix + 7, #prefix + 8)
      for _, id in ipairs(redis.call('ZRANGE', key, 0, -1)) do
        put(id, 'ready')
        count(lane, 'ready')
      end
    end
    for _, key in ipairs(redis.call('KEYS', prefix .. 'held:*')) do
      local held = redis.call('HGETALL', key)
      for index = 1, #held, 2 do
        put(held[index], 'leased')
        local number = string.sub(held[index + 1], 26, 27)
        count(number, 'leased')
      end
    end
    local jobs, records = redis.call('HGETALL', prefix .. 'jobs'), {}
    for index = 1, #jobs, 2 do records[jobs[index]] = jobs[index + 1] end
    for _, name in ipairs(redis.call('ZRANGE', prefix .. 'timers', 0, -1)) do
      if #name == 16 and records[name] then
        put(name, 'delayed')
        count(string.sub(records[name], 1, 2), 'delayed')
      end
    end
    for id, record in pairs(records) do
      if not place[id] then say('job ' .. hex(id) .. ' is in no place') end
    end
    for id, where in pairs(place) do
      if not records[id] then say('job ' .. hex(id) .. ' is ' .. where .. ' and has no record') end
    end
    local state = redis.call('HGETALL', prefix .. 'state')
    for index = 1, #state, 2 do
      local number, packed = state[index], state[index + 1]
      if #number == 2 and #packed > 22 then
        local ready, leased, delayed = struct.unpack('>I4I4I4', packed)
        local found = counts[number] or { ready = 0, leased = 0, delayed = 0 }
        if found.ready ~= ready or found.leased ~= leased or found.delayed ~= delayed then
          say(string.format('lane %s counts %d ready, %d leased, %d delayed, and there are %d, %d, %d', hex(number), ready,
            leased, delayed, found.ready, found.leased, found.delayed))
        end
      end
    end
    return wrong
    """
}
