-- Shared: what workers could run: `capacity` tells of each what it has free once everything that it runs is over (cpu
-- millicores, memory bytes, gpu thousandths, 8 bytes each), how many more jobs it would have taken when it asked last (2),
-- the class for whose jobs it keeps what it has free (1; 255 where it does not), whether it is dedicated to a tenant (1),
-- and the tiers that it serves, each after the length of its name (1). What it has free is that less what its leases take.

-- Extends a worker's deadline, keeps what it could run (see running.lua), and has it woken for as much as it has `left` that
-- it would still take; then it has `free` (cpu, memory, gpu) as wake.lua says.
local function note_worker(worker, deadline, tiers, left, whole_room, free, kept_class, dedicated, lends)
  call('ZADD', prefix .. 'workers', deadline, worker)
  local packed = pack('>I8I8I8HBB', whole_room[1], whole_room[2], whole_room[3], left, kept_class or 255, dedicated and 1 or 0)
  for index = 1, #tiers do
    local tier = tiers[index]
    local idle = prefix .. 'idle:' .. tier
    packed = packed .. string.char(#tier) .. tier
    if left <= 0 then
      call('ZREM', idle, worker)
    elseif call('ZADD', idle, left, worker) == 1 then
      -- Expiry looks for idle workers in the tiers named here.
      call('SADD', prefix .. 'tiers', tier)
    end
  end
  call('HSET', prefix .. 'capacity', worker, packed)
  if left <= 0 then return end
  local room = pack('>I8I8I8', free[1], free[2], free[3])
  if kept_class or dedicated then room = room .. string.char(kept_class and kept_class + 1 or 0) end
  if dedicated then room = room .. dedicated .. (lends and '\1' or '\0') end
  call('HSET', prefix .. 'room', worker, room)
end
