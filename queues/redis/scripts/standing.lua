-- How given tenants stand in the pools in which they have jobs ready or running.
-- KEYS     1 the prefix of all keys
-- ARGV     1… tenants, at most 1000
-- Returns  per pool in which one of them has jobs a list: its class, its tier, its virtual time, then as `pool` says
-- Cost     O(n (p + l)) for n tenants, p pools, ten for each tier, and l lanes in which each waits
transition('standing', 'no-writes', function()
  local ids = ids_of(1, 1)
  if not ids or #ids == 0 or #ids > 1000 then return refuse('a tenant has 16 bytes, and at most 1000 are named') end
  if not call('HGET', state_key, 'generation') then return lost() end
  local reply = {}
  for _, tier in ipairs(call('SMEMBERS', prefix .. 'tiers')) do
    for class = 0, 9 do
      local key = prefix .. 'tenants:' .. class .. ':' .. tier
      local v = call('HGET', key, 'v')
      if v then
        local standing = { class, tier, tonumber(v) }
        for index, packed in ipairs(call('HMGET', key, unpack(ids))) do
          if packed then append_standing(standing, ids[index], packed) end
        end
        if #standing > 3 then reply[#reply + 1] = standing end
      end
    end
  end
  return reply
end)
