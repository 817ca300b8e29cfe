-- Shared: telling how tenants stand. What is kept of them is in tenants.lua.

-- Appends to a reply how a tenant stands in a pool: its id, how many of its jobs are ready, how many run, its weight, its
-- tag; nothing where it has no jobs there, or its record cannot be read. Asks each lane in which it waits.
local function append_standing(reply, id, packed)
  if #packed < 15 or #packed % 2 ~= 1 then return end
  local tag, running, weight = unpack_bytes('>I8I4H', packed)
  local waiting = 0
  for at = 16, #packed, 2 do waiting = waiting + call('ZCARD', prefix .. 'queue:' .. sub(packed, at, at + 1) .. id) end
  if waiting + running == 0 then return end
  local count = #reply
  reply[count + 1], reply[count + 2], reply[count + 3] = id, waiting, running
  reply[count + 4], reply[count + 5] = weight, tag
end
