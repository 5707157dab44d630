import { createHash } from 'node:crypto'

/** A Lua script and the name that Redis knows it by. */
export interface Script {
  readonly source: string
  readonly sha: string
}

const script = (source: string): Script => ({ source, sha: createHash('sha1').update(source).digest('hex') })

/**
 * Makes a script of a change that must not happen after its caller gave up: ARGV[1] and ARGV[2] are the earliest and the
 * latest time, by Redis's own clock in µs, at which it may be made (see `RedisClock`). Outside of them it answers `late`
 * and the time, having done nothing.
 */
const fenced = (source: string): Script =>
  script(`
local time = redis.call('TIME')
local micros = time[1] * 1000000 + time[2]
if micros < tonumber(ARGV[1]) or micros > tonumber(ARGV[2]) then return { 'late', string.format('%.0f', micros) } end
${source}`)

/** KEYS: any, so that the server that has it is asked. Answers Redis's clock, µs. */
export const CLOCK = script(`
local time = redis.call('TIME')
return string.format('%.0f', time[1] * 1000000 + time[2])
`)

/** A failed call to Redis within a script is an answer, not an exception, and some failures mean that there is no hash. */
const CALLS = `
local function try(...)
  local reply = redis.pcall(...)
  if type(reply) == 'table' and reply.err then return nil, reply end
  return reply
end
local function isWrongType(failure) return failure and string.find(failure.err, 'WRONGTYPE', 1, true) end
`

/**
 * KEYS: session, its mark of a rotation. ARGV: now, touchEveryMs, absoluteTimeoutMs (0: none).
 * Answers its three times and Redis's clock (µs; 0 when it may not be asked) as one text, with what kept the touch from
 * being written after it; then the other fields and values that are read (each element costs its reader). Nil when there
 * is no such hash (or one without its times); 0 when it has expired; 1 when it has moved; -1 when the key holds something else.
 * The touch is here because a bare HSET would bring back, half empty, a hash that ended since it was read. It only says
 * when the access was and never goes back, so it may come late; and where Redis refuses it, reading goes on.
 */
export const LOAD = script(`
${CALLS}
local hash, failure = try('HGETALL', KEYS[1])
if isWrongType(failure) then return -1 end
if failure then return failure end
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
  if try('HEXISTS', KEYS[2], 'to') == 1 then return 1 end
  return false
end
local now, every, absolute = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local grace = idle == 0 and 0 or every
if idle >= 0 and now >= accessed + idle * 1000 + grace then return 0 end
if absolute > 0 and now >= created + absolute then return 0 end
local refused = ''
if now > accessed and now - accessed >= every then
  local ttl, done
  if idle >= 0 then ttl = idle * 1000 + every end
  if absolute > 0 then
    local rest = created + absolute - now
    if not ttl or rest < ttl then ttl = rest end
  end
  failure = nil
  -- The time to live first: a key that lives too long is harmless, as its times decide.
  if ttl then done, failure = try('PEXPIRE', KEYS[1], string.format('%d', ttl)) end
  if not failure then done, failure = try('HSET', KEYS[1], 'lastAccessedTime', ARGV[1]) end
  if failure then refused = failure.err end
end
local time = try('TIME') or { 0, 0 }
reply[1] = string.format('%.17g %.17g %.17g %.0f %s', created, accessed, idle, time[1] * 1000000 + time[2], refused)
return reply
`)

/**
 * What a full Redis refuses must be the first write of a script: after another it lets everything pass, so as not to stop
 * halfway. This is such a write, and changes nothing: it updates a member that is never there.
 */
const ROOM = `
local function needRoom(key)
  local _, failure = try('ZADD', key, 'XX', '0', '')
  if failure and not isWrongType(failure) then redis.call('ZADD', key, 'XX', '0', '') end
end
`

/**
 * Sets the pairs and removes the names that ARGV holds from position `at` on: a count of pairs, the pairs, the names.
 * Whole or not at all, whichever command Redis refuses: what a full Redis refuses comes first and is harmless by itself,
 * and removing is tried on a field that is never there. (What only removes is not refused by a full Redis.)
 */
const APPLY = `
local function bump(key)
  local revision = tonumber(redis.call('HGET', key, 'revision') or '') or 0
  redis.call('HSET', key, 'revision', string.format('%d', revision + 1))
end
local function apply(key, at)
  local last = at + 2 * tonumber(ARGV[at])
  local sets, removes = last > at, last < #ARGV
  if sets then bump(key) end
  if removes then redis.call('HDEL', key, '') end
  if not sets then bump(key) end
  for i = at + 1, last, 2 do redis.call('HSET', key, ARGV[i], ARGV[i + 1]) end
  for i = last + 1, #ARGV do redis.call('HDEL', key, ARGV[i]) end
end
`

/**
 * Enters a session into its user's index: score = until when. Drops what has passed; the index ends with its last entry.
 * Its time to live is set (or, on a key that is not there yet, tried) before the entry is made.
 */
const ENTER = `
local function enter(index, now, untilMs, member)
  needRoom(index)
  local ttl = tonumber(untilMs) - tonumber(now)
  local isLonger = redis.call('PTTL', index) < ttl
  if isLonger then redis.call('PEXPIRE', index, string.format('%d', ttl)) end
  redis.call('ZADD', index, untilMs, member)
  if isLonger then redis.call('PEXPIRE', index, string.format('%d', ttl)) end
  redis.call('ZREMRANGEBYSCORE', index, '-inf', '(' .. now)
end
`

/**
 * Marks that a session was under a key until now, for as long as requests with its old id may be on their way. Where Redis
 * refuses it there is no mark; never one that stays.
 */
const MARK = `
local function mark(key, to, graceMs)
  if tonumber(graceMs) <= 0 then return end
  local _, failure = try('PEXPIRE', key, graceMs)
  if not failure then _, failure = try('HSET', key, 'to', to) end
  if not failure then try('PEXPIRE', key, graceMs) end
end
`

/** Whether a key holds a session; what is no hash is none. */
const EXISTS = `
local function exists(key)
  local there, failure = try('HEXISTS', key, 'creationTime')
  if isWrongType(failure) then return false end
  if failure then redis.call('HEXISTS', key, 'creationTime') end
  return there == 1
end
`

/**
 * KEYS: session [, index]. ARGV: earliest, latest, creationTime, ttl, now, until, member, changes.
 * Makes a session; 1 when made (again by a client's resend), -1 when the key is taken.
 */
export const CREATE = fenced(`
${CALLS}${ROOM}${APPLY}${ENTER}
local made, failure = try('HGET', KEYS[1], 'creationTime')
if isWrongType(failure) then return -1 end
if failure then return failure end
if made and made ~= ARGV[3] then return -1 end
needRoom(KEYS[1])
redis.call('PEXPIRE', KEYS[1], ARGV[4]) -- there is no key yet: this tries whether it will be allowed
if KEYS[2] then enter(KEYS[2], ARGV[5], ARGV[6], ARGV[7]) end
apply(KEYS[1], 8)
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
`)

/**
 * KEYS: session. ARGV: earliest, latest, expected field ('' for none), '1' if it is expected to be there, its bytes, changes.
 * 1 when applied, 0 when the session is gone, -1 when the field is not as expected.
 */
export const UPDATE = fenced(`
${CALLS}${EXISTS}${APPLY}
if not exists(KEYS[1]) then return 0 end
if ARGV[3] ~= '' then
  local value = redis.call('HGET', KEYS[1], ARGV[3])
  if (value or '') ~= ARGV[5] or (value and '1' or '0') ~= ARGV[4] then return -1 end
end
apply(KEYS[1], 6)
return 1
`)

/**
 * KEYS: old session, new session, mark of the old one, indexes to leave. ARGV: earliest, latest, now, until, old member, new
 * member, grace (ms), whether to enter the first index ('1'), changes.
 * Moves a session to a new key; 0 when it is gone. Not for Redis Cluster, where the keys lie in different slots.
 * Whole or not at all, as `APPLY` is: each command that follows the first is tried where it changes nothing.
 */
export const ROTATE = fenced(`
${CALLS}${ROOM}${EXISTS}${APPLY}${ENTER}${MARK}
if not exists(KEYS[1]) then return 0 end
bump(KEYS[1])
redis.call('RENAME', KEYS[1], KEYS[1])
for i = 4, #KEYS do redis.call('ZREM', KEYS[i], '') end
if ARGV[8] == '1' then enter(KEYS[4], ARGV[3], ARGV[4], ARGV[6]) end
apply(KEYS[1], 9)
redis.call('RENAME', KEYS[1], KEYS[2])
for i = 4, #KEYS do redis.call('ZREM', KEYS[i], ARGV[5]) end
mark(KEYS[3], ARGV[6], ARGV[7])
return 1
`)

/**
 * KEYS: session, its mark of a rotation. ARGV: earliest, latest, grace (ms). Forgets it; answers how many there were and
 * whose it was.
 */
export const DESTROY = fenced(`
${CALLS}${MARK}
local user, failure = try('HGET', KEYS[1], 'user')
if isWrongType(failure) then return { 0 } end
if failure then return failure end
local count = redis.call('UNLINK', KEYS[1])
if count == 1 then mark(KEYS[2], '', ARGV[3]) end
return { count, user }
`)

/** KEYS: index. ARGV: now, until, member. Not fenced: an entry whose session is not there is never shown. */
export const INDEX = script(`
${CALLS}${ROOM}${ENTER}
enter(KEYS[1], ARGV[1], ARGV[2], ARGV[3])
return 1
`)

/** KEYS: session. ARGV: earliest, latest, its time to live (ms; below 1: none), pairs of fields. Writes it whole. For a move within Cluster. */
export const PUT = fenced(`
${CALLS}${ROOM}
local ttl = tonumber(ARGV[3])
needRoom(KEYS[1])
redis.call('DEL', KEYS[1])
if ttl > 0 then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end -- there is no key: this tries whether it will be allowed
for i = 4, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
if ttl > 0 then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return 1
`)

/** KEYS: session. Answers its time to live (ms), then its hash as a flat list. For a move within Cluster. */
export const TAKE_COPY = script(`
${CALLS}
local hash, failure = try('HGETALL', KEYS[1])
if isWrongType(failure) then return { -2, {} } end
if failure then return failure end
return { redis.call('PTTL', KEYS[1]), hash }
`)

/**
 * KEYS: session, its mark of a rotation. ARGV: earliest, latest, revision, new member, grace (ms).
 * 1 when forgotten, 0 when it was gone, -1 when somebody has written to it meanwhile.
 */
export const UNLINK_IF = fenced(`
${CALLS}${EXISTS}${MARK}
if not exists(KEYS[1]) then return 0 end
if (redis.call('HGET', KEYS[1], 'revision') or '') ~= ARGV[3] then return -1 end
redis.call('UNLINK', KEYS[1])
mark(KEYS[2], ARGV[4], ARGV[5])
return 1
`)
