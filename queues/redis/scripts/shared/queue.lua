-- Shared: the words that every transition uses. This file comes first; all files are one library, whose functions and
-- tables are made once, when it is loaded: what a call gathers is forgotten when the next one begins (`at_begin`), or is
-- written over by it.
-- While a library is loaded there is nothing to call, not even the language's own functions.
local call, byte, sub, pack, unpack_bytes, floor, max, min
local ARGV, prefix, jobs_key, state_key
local beginnings = {}

local function at_begin(forget) beginnings[#beginnings + 1] = forget end

local function begin(keys, arguments)
  if not call then
    call, byte, sub, pack, unpack_bytes = redis.call, string.byte, string.sub, struct.pack, struct.unpack
    floor, max, min = math.floor, math.max, math.min
  end
  ARGV = arguments
  if prefix ~= keys[1] then
    prefix = keys[1]
    jobs_key, state_key = prefix .. 'jobs', prefix .. 'state'
  end
  for index = 1, #beginnings do beginnings[index]() end
end

-- Whether one of two things comes first by the bytes of its identifier, `id`, whatever the server's locale: these are
-- compared as numbers that Lua holds exactly.
local function id_before(a, b)
  if not a.high then a.high, a.middle, a.low = unpack_bytes('>I6I6I4', a.id) end
  if not b.high then b.high, b.middle, b.low = unpack_bytes('>I6I6I4', b.id) end
  if a.high ~= b.high then return a.high < b.high end
  if a.middle ~= b.middle then return a.middle < b.middle end
  return a.low < b.low
end

-- Sets fields (name, value, …: the first `count` values) of a hash, however many: Lua passes at most 8000 values to a call.
local function set_fields(key, values, count)
  if count <= 4000 then return call('HSET', key, unpack(values, 1, count)) end
  for first = 1, count, 4000 do call('HSET', key, unpack(values, first, min(first + 3999, count))) end
end

-- Makes `run` callable as a function of the library; `flag` is 'no-writes', 'allow-oom', or nil where the server may
-- refuse it for want of memory.
local function transition(name, flag, run)
  redis.register_function {
    function_name = LIBRARY .. '_' .. name,
    flags = { flag },
    callback = function(keys, arguments)
      if #keys ~= 1 then return redis.error_reply('ARGUMENT the one key is the prefix of all keys') end
      begin(keys, arguments)
      return run()
    end,
  }
end

local function refuse(what) return redis.error_reply('ARGUMENT ' .. what) end

local function lost() return redis.error_reply('LOST no generation is installed') end

local whole, text_of
do
  -- Texts that were read as whole numbers before: most come with every call.
  local wholes, wholes_count = {}, 0

  -- A whole number from 0 to 2^53 - 1, which Lua's numbers hold exactly; nil for any other text.
  function whole(text)
    local number = wholes[text or '']
    if number then return number end
    number = string.match(text or '', '^%d+$') and tonumber(text)
    if not number or number >= 2 ^ 53 then return nil end
    if #text > 16 then return number end
    if wholes_count >= 1000 then wholes, wholes_count = {}, 0 end
    wholes[text], wholes_count = number, wholes_count + 1
    return number
  end

  -- Small whole numbers as texts: a number that is passed to a command is written with 17 digits, which costs more than
  -- most commands do.
  local small_texts = {}

  function text_of(number)
    local text = small_texts[number]
    if not text then
      text = string.format('%d', number)
      if number <= 1000 then small_texts[number] = text end
    end
    return text
  end
end

-- The time in microseconds: the server's where `given` is empty, else the one that it says; nil for no number.
local function time_of(given)
  if given ~= '' then return whole(given) end
  local clock = call('TIME')
  return clock[1] * 1000000 + clock[2]
end

-- The ids among the arguments, from `first` on, one in every `step`; nil if one of them is none.
local function ids_of(first, step)
  local ids, count = {}, 0
  for index = first, #ARGV, step do
    local id = ARGV[index]
    if #id ~= 16 then return nil end
    count = count + 1
    ids[count] = id
  end
  return ids
end
