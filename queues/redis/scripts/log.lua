-- A part of a job's live log (see progress.lua).
-- KEYS     1 the prefix of all keys
-- ARGV     1 job id; 2 first byte
-- Returns  the token of the attempt that printed it, '' where there is none; the bytes from there on
-- Cost     O(bytes)
transition('log', 'no-writes', function()
  local first = whole(ARGV[2])
  if #ARGV ~= 2 or #ARGV[1] ~= 16 or not first then return refuse('a job id and an offset') end
  if not call('HGET', state_key, 'generation') then return lost() end
  local key = prefix .. 'log:' .. ARGV[1]
  return { call('GETRANGE', key, 0, 7), call('GETRANGE', key, 8 + first, -1) }
end)
