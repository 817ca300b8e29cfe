-- Shared: what workers could run: `capacity` tells of each what it has free once everything that it runs is over (cpu
-- millicores, memory bytes, gpu thousandths, 8 bytes each), how many more jobs it would have taken when it asked last (2),
-- the class for whose jobs it keeps what it has free (1; 255 where it does not), whether it is dedicated to a tenant (1),
-- and the tiers that it serves, each after the length of its name (1). What it has free is that less what its leases take.
local function note_capacity(worker, whole_room, left, kept_class, is_dedicated, tiers)
  local cpu, memory, gpu = whole_room[1], whole_room[2], whole_room[3]
  local packed = pack('>I8I8I8HBB', cpu, memory, gpu, left, kept_class or 255, is_dedicated and 1 or 0)
  for _, tier in ipairs(tiers) do packed = packed .. pack('>B', #tier) .. tier end
  call('HSET', prefix .. 'capacity', worker, packed)
end
