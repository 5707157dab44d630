import { createHash } from 'node:crypto'

/** A Lua script and the name that Redis knows it by. */
export interface Script {
  readonly source: string
  readonly sha: string
}

const script = (source: string): Script => ({ source, sha: createHash('sha1').update(source).digest('hex') })

/**
 * KEYS: session, its mark of a rotation. ARGV: now, touchEveryMs, absoluteTimeoutMs (0: none).
 * Answers its three times as one text, then the other fields and values that are read (each element costs its reader);
 * nil when there is no such hash (or one without its times); 0 when it has expired; 1 when it has moved.
 * The touch is here because a bare HSET would bring back, half empty, a hash that ended since it was read.
 */
export const LOAD = script(`
local hash = redis.call('HGETALL', KEYS[1])
local reply = { '' }
local created, accessed, idle
for i = 1, #hash, 2 do
  local field = hash[i]
  if field == 'lastAccessedTime' then accessed = tonumber(hash[i + 1])
  elseif field == 'creationTime' then created = tonumber(hash[i + 1])
  elseif field == 'maxInactiveInterval' then idle = tonumber(hash[i + 1])
  elseif field ~= 'revision' then
    reply[#reply + 1] = field
    reply[#reply + 1] = hash[i + 1]
  end
end
if not (created and accessed and idle) then
  if redis.call('HEXISTS', KEYS[2], 'to') == 1 then return 1 end
  return false
end
local now, every, absolute = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local grace = idle == 0 and 0 or every
if idle >= 0 and now >= accessed + idle * 1000 + grace then return 0 end
if absolute > 0 and now >= created + absolute then return 0 end
if now > accessed and now - accessed >= every then
  redis.call('HSET', KEYS[1], 'lastAccessedTime', ARGV[1])
  local ttl
  if idle >= 0 then ttl = idle * 1000 + every end
  if absolute > 0 then
    local rest = created + absolute - now
    if not ttl or rest < ttl then ttl = rest end
  end
  if ttl then redis.call('PEXPIRE', KEYS[1], string.format('%d', ttl)) end
end
reply[1] = string.format('%.17g %.17g %.17g', created, accessed, idle)
return reply
`)

/** Sets the pairs and removes the names that ARGV holds from position `at` on: a count of pairs, the pairs, the names. */
const APPLY = `
local function apply(key, at)
  local last = at + 2 * tonumber(ARGV[at])
  for i = at + 1, last, 2 do redis.call('HSET', key, ARGV[i], ARGV[i + 1]) end
  for i = last + 1, #ARGV do redis.call('HDEL', key, ARGV[i]) end
  redis.call('HINCRBY', key, 'revision', 1)
end
`

/** Enters a session into its user's index: score = until when. Drops what has passed; the index ends with its last entry. */
const ENTER = `
local function enter(index, now, untilMs, member)
  redis.call('ZREMRANGEBYSCORE', index, '-inf', '(' .. now)
  redis.call('ZADD', index, untilMs, member)
  local ttl = tonumber(untilMs) - tonumber(now)
  if redis.call('PTTL', index) < ttl then redis.call('PEXPIRE', index, string.format('%d', ttl)) end
end
`

/** Marks that a session was under a key until now, for as long as requests with its old id may be on their way. */
const MARK = `
local function mark(key, to, graceMs)
  if tonumber(graceMs) <= 0 then return end
  redis.call('HSET', key, 'to', to)
  redis.call('PEXPIRE', key, graceMs)
end
`

/**
 * KEYS: session [, index]. ARGV: creationTime, ttl, now, until, member, changes.
 * Makes a session; 1 when made (again by a client's resend), -1 when the key is taken.
 */
export const CREATE = script(`
${APPLY}${ENTER}
local made = redis.call('HGET', KEYS[1], 'creationTime')
if made and made ~= ARGV[1] then return -1 end
if KEYS[2] then enter(KEYS[2], ARGV[3], ARGV[4], ARGV[5]) end
apply(KEYS[1], 6)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
`)

/**
 * KEYS: session. ARGV: expected field ('' for none), '1' if it is expected to be there, its bytes, changes.
 * 1 when applied, 0 when the session is gone, -1 when the field is not as expected.
 */
export const UPDATE = script(`
${APPLY}
if redis.call('HEXISTS', KEYS[1], 'creationTime') == 0 then return 0 end
if ARGV[1] ~= '' then
  local value = redis.call('HGET', KEYS[1], ARGV[1])
  if (value or '') ~= ARGV[3] or (value and '1' or '0') ~= ARGV[2] then return -1 end
end
apply(KEYS[1], 4)
return 1
`)

/**
 * KEYS: old session, new session, mark of the old one, indexes to leave.
 * ARGV: now, until, old member, new member, grace (ms), whether to enter the first index ('1'), changes.
 * Moves a session to a new key; 0 when it is gone. Not for Redis Cluster, where the keys lie in different slots.
 */
export const ROTATE = script(`
${APPLY}${ENTER}${MARK}
if redis.call('HEXISTS', KEYS[1], 'creationTime') == 0 then return 0 end
redis.call('RENAME', KEYS[1], KEYS[2])
apply(KEYS[2], 7)
for i = 4, #KEYS do redis.call('ZREM', KEYS[i], ARGV[3]) end
if ARGV[6] == '1' then enter(KEYS[4], ARGV[1], ARGV[2], ARGV[4]) end
mark(KEYS[3], ARGV[4], ARGV[5])
return 1
`)

/** KEYS: session, its mark of a rotation. ARGV: grace (ms). Forgets it; answers how many there were and whose it was. */
export const DESTROY = script(`
${MARK}
local user = redis.call('HGET', KEYS[1], 'user')
local count = redis.call('UNLINK', KEYS[1])
if count == 1 then mark(KEYS[2], '', ARGV[1]) end
return { count, user }
`)

/** KEYS: index. ARGV: now, until, member. */
export const INDEX = script(`
${ENTER}
enter(KEYS[1], ARGV[1], ARGV[2], ARGV[3])
return 1
`)

/** KEYS: session. ARGV: pairs of fields. Answers its time to live (ms) after writing it whole. For a move within Cluster. */
export const PUT = script(`
redis.call('DEL', KEYS[1])
for i = 2, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
if tonumber(ARGV[1]) > 0 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return 1
`)

/** KEYS: session. Answers its time to live (ms), then its hash as a flat list. For a move within Cluster. */
export const TAKE_COPY = script(`
return { redis.call('PTTL', KEYS[1]), redis.call('HGETALL', KEYS[1]) }
`)

/**
 * KEYS: session, its mark of a rotation. ARGV: revision, new member, grace (ms).
 * 1 when forgotten, 0 when it was gone, -1 when somebody has written to it meanwhile.
 */
export const UNLINK_IF = script(`
${MARK}
local revision = redis.call('HGET', KEYS[1], 'revision')
if redis.call('HEXISTS', KEYS[1], 'creationTime') == 0 then return 0 end
if (revision or '') ~= ARGV[1] then return -1 end
redis.call('UNLINK', KEYS[1])
mark(KEYS[2], ARGV[2], ARGV[3])
return 1
`)
