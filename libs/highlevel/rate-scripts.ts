/**
 * The ledger of `InProcessRateLedger` inside Redis, so that looking and counting are one step for all processes. Keys of
 * a resource: the times of its requests, those of the bulk ones, and what answers said. Times are Redis's own, in
 * milliseconds, unless one is given.
 */

/** KEYS: sent, bulk, state. ARGV 1 to 3: now or '', limit, interval: until answers say otherwise; 4: arrival margin. */
const PREAMBLE = `
  local now = tonumber(ARGV[1])
  if not now then
    local time = redis.call('TIME')
    now = time[1] * 1000 + math.floor(time[2] / 1000)
  end
  local sent, bulk, state = KEYS[1], KEYS[2], KEYS[3]
  local known = redis.call('HMGET', state, 'limit', 'interval')
  local limit = tonumber(known[1]) or tonumber(ARGV[2])
  local interval = tonumber(known[2]) or tonumber(ARGV[3])
  local window = interval + tonumber(ARGV[4])
  local function drop(key, length)
    redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.0f', now - length))
  end
  local function add(key)
    local id = redis.call('HINCRBY', state, 'ids', 1)
    redis.call('ZADD', key, string.format('%.0f', now), id)
    redis.call('PEXPIRE', key, math.ceil(window))
  end
  local function keep(milliseconds)
    redis.call('PEXPIRE', state, math.max(math.ceil(milliseconds), redis.call('PTTL', state)))
  end
  drop(sent, window)
`;

/** ARGV 5 to 8: priority, requests of a window that bulk leaves, its pace and share. Answers the milliseconds to wait. */
export const TAKE = `${PREAMBLE}
  local isBulk = ARGV[5] == 'bulk'
  local interactiveShare, pace, stepBack = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
  local function fitsAt(key, most, length)
    local blocking = redis.call('ZRANGE', key, -most, -most, 'WITHSCORES')
    return blocking[2] and tonumber(blocking[2]) + length or 0
  end
  local pauses = redis.call('HMGET', state, 'paused', 'bulkPaused', 'awaited')
  local at = tonumber(pauses[1]) or 0
  if isBulk then
    local most = math.max(1, math.floor(limit * pace))
    local length = interval * most / limit
    drop(bulk, length)
    local reserved = math.max(1, math.floor(limit * interactiveShare))
    at = math.max(at, tonumber(pauses[2]) or 0, tonumber(pauses[3]) or 0, fitsAt(sent, limit - reserved, window),
                  fitsAt(bulk, most, length))
  else
    at = math.max(at, fitsAt(sent, limit, window))
  end
  if at > now then
    if not isBulk then
      redis.call('HSET', state, 'awaited', string.format('%.0f', at + stepBack))
      keep(at + stepBack - now)
    end
    return math.ceil(at - now)
  end
  add(sent)
  if isBulk then add(bulk) else redis.call('HDEL', state, 'awaited') end
  keep(window)
  return 0
`;

/** ARGV 5 to 11, '' where the answer does not say: limit, interval, pause, rest of bulk work, requests counted, the day's. */
export const OBSERVE = `${PREAMBLE}
  local newLimit, newInterval = tonumber(ARGV[5]), tonumber(ARGV[6])
  local pause, bulkRest, remaining = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
  if newLimit then redis.call('HSET', state, 'limit', newLimit) end
  if newInterval then redis.call('HSET', state, 'interval', newInterval) end
  if pause then
    local before = tonumber(redis.call('HGET', state, 'paused')) or 0
    redis.call('HSET', state, 'paused', string.format('%.0f', math.max(before, now + pause)))
  end
  if bulkRest then redis.call('HSET', state, 'bulkPaused', string.format('%.0f', now + bulkRest)) end
  if ARGV[10] ~= '' and ARGV[11] ~= '' then
    redis.call('HSET', state, 'dailyLimit', ARGV[10], 'dailyLeft', ARGV[11])
  end
  limit = newLimit or limit
  if remaining then
    local unseen = math.min(limit - remaining, limit) - redis.call('ZCARD', sent)
    for _ = 1, unseen do add(sent) end
  end
  keep(math.max(window, pause or 0, bulkRest or 0, 3600000))
  return 0
`;

/** Answers limit, requests counted, interval, milliseconds of the pause, and of the day limit and rest, -1 if unknown. */
export const LEVEL = `${PREAMBLE}
  local told = redis.call('HMGET', state, 'paused', 'dailyLimit', 'dailyLeft')
  local pause = math.max(0, (tonumber(told[1]) or 0) - now)
  return { limit, redis.call('ZCARD', sent), interval, math.ceil(pause), tonumber(told[2]) or -1, tonumber(told[3]) or -1 }
`;
