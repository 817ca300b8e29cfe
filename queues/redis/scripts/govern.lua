#!lua flags=allow-oom
-- Says how many jobs may run at once behind gates, and what tenants' shares weigh.
-- KEYS     1 the prefix of all keys
-- ARGV     1 time in microseconds, or '' for the server's; then per gate: its field (see gates.lua), the most that may
--          run ('' for any number), its weight, 1–10000
-- Returns  how many gates were set
-- Cost     O(n + lanes that are parked or blocked there · log N)
if #ARGV < 4 or (#ARGV - 1) % 3 ~= 0 then return refuse('a gate has a name, a limit and a weight') end
for index = 2, #ARGV, 3 do
  local kind, most, weight = byte(ARGV[index]), ARGV[index + 1], whole(ARGV[index + 2])
  if (kind ~= 116 or #ARGV[index] ~= 17) and (kind ~= 67 and kind ~= 84 or #ARGV[index] > 256) then
    return refuse('a gate is a tenant, a capability or a tier')
  end
  if most ~= '' and (not whole(most) or whole(most) >= ANY) then return refuse('a limit is a whole number') end
  if not weight or weight < 1 or weight > 10000 then return refuse('a weight is from 1 to 10000') end
end
if ARGV[1] ~= '' and not whole(ARGV[1]) then return refuse('the time is no number') end

local fields = {}
for index = 2, #ARGV, 3 do fields[#fields + 1] = ARGV[index] end
load_gates(fields)
for index, field in ipairs(fields) do
  local gate = gates[field]
  gate.max, gate.weight = whole(ARGV[3 * index]) or ANY, whole(ARGV[3 * index + 1])
  note_change(gate)
end
save_gates()
for _, field in ipairs(fields) do
  if byte(field) == 116 then unpark(gates[field], ARGV[1]) else reopen(gates[field], ARGV[1]) end
end
save_gates()
return #fields
