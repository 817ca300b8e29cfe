-- Shared: the words that every script uses.
local call, prefix = redis.call, KEYS[1]
local jobs_key, state_key = prefix .. 'jobs', prefix .. 'state'

local function refuse(what) return redis.error_reply('ARGUMENT ' .. what) end

local function lost() return redis.error_reply('LOST no generation is installed') end

-- A whole number from 0 to 2^53 - 1, which Lua's numbers hold exactly; nil for any other text.
local function whole(text)
  local number = string.match(text or '', '^%d+$') and tonumber(text)
  return number and number < 2 ^ 53 and number or nil
end

-- The time in microseconds: the server's where `given` is empty, else the one that it says; nil for no number.
local function time_of(given)
  if given ~= '' then return whole(given) end
  local clock = call('TIME')
  return clock[1] * 1000000 + clock[2]
end

-- The installed generation (false: none), the last tick given out, and the time.
local function open(given)
  local state = call('HMGET', state_key, 'generation', 'tick')
  return state[1], tonumber(state[2] or 0), time_of(given)
end
