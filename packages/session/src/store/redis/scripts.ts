import { type Script, script } from './script.ts'

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
 * Which lifetime a session has, from its two fields (see `lifetimeFields`) and what the options say: its idle timeout (s), how
 * often it is touched (ms), its absolute timeout (ms; 0: none), and whether the field is to follow the options.
 * `ttlOf` is `deadline`.
 */
const LIFETIME = `
local function lifetimeOf(interval, mark, every, absolute, default)
  if mark == interval then return tonumber(default), every, absolute, interval ~= default end
  if mark then absolute = tonumber(string.match(mark, '^"own (%d+)')) or absolute end
  local idle = tonumber(interval)
  if idle and idle >= 0 then every = math.min(every, math.floor(idle * 1000 / 30)) end
  return idle, every, absolute, false
end
local function ttlOf(created, accessed, now, idle, every, absolute)
  local ends
  if idle >= 0 then ends = accessed + idle * 1000 + (idle == 0 and 0 or every) end
  if absolute > 0 and not (ends and ends < created + absolute) then ends = created + absolute end
  return ends and math.max(1, ends - now)
end
`

/**
 * KEYS: session, its mark of a rotation. ARGV: now, touchEveryMs, absoluteTimeoutMs (0: none), idle timeout (s).
 * Answers its three times and Redis's clock (µs; 0 when it may not be asked) as one text, with whether the access was written
 * down and what kept it from that; then the other fields and values that are read (each element costs its reader). Nil when there
 * is no such hash (or one without its times); 0 when it has expired; 1 when it has moved; 2 when one
 * of its times is no number, as in Java's own serialization; -1 when the key holds something else.
 * The touch is here because a bare HSET would bring back, half empty, a hash that ended since it was read. It only says
 * when the access was and never goes back, so it may come late; and where Redis refuses it, reading goes on.
 */
export const LOAD = script(`
${CALLS}${LIFETIME}
local hash, failure = try('HGETALL', KEYS[1])
if isWrongType(failure) then return -1 end
if failure then return failure end
local reply = { '' }
local created, accessed, interval, mark, isForeign
for i = 1, #hash, 2 do
  local field = hash[i]
  if field == 'lastAccessedTime' then
    accessed = tonumber(hash[i + 1])
    isForeign = isForeign or not accessed
  elseif field == 'creationTime' then
    created = tonumber(hash[i + 1])
    isForeign = isForeign or not created
  elseif field == 'maxInactiveInterval' then
    interval = hash[i + 1]
    isForeign = isForeign or not tonumber(interval)
  elseif field == 'lifetime' then mark = hash[i + 1]
  elseif field ~= 'revision' then
    reply[#reply + 1] = field
    reply[#reply + 1] = hash[i + 1]
  end
end
if isForeign then return 2 end
local now = tonumber(ARGV[1])
local idle, every, absolute, isChanged = lifetimeOf(interval, mark, tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4])
if not (created and accessed and interval and idle) then
  if try('HEXISTS', KEYS[2], 'to') == 1 then return 1 end
  return false
end
local grace = idle == 0 and 0 or every
if idle >= 0 and now >= accessed + idle * 1000 + grace then return 0 end
if absolute > 0 and now >= created + absolute then return 0 end
local touched, refused = 0, ''
if now > accessed and (isChanged or now - accessed >= every) then
  local ttl, done = ttlOf(created, now, now, idle, every, absolute)
  failure = nil
  -- The time to live first: a key that lives too long is harmless, as its times decide.
  if ttl then done, failure = try('PEXPIRE', KEYS[1], string.format('%d', ttl)) end
  if not failure then
    local fields = { 'lastAccessedTime', ARGV[1] }
    if isChanged then fields = { 'lastAccessedTime', ARGV[1], 'maxInactiveInterval', ARGV[4], 'lifetime', ARGV[4] } end
    done, failure = try('HSET', KEYS[1], unpack(fields))
  end
  if failure then refused = failure.err else touched = 1 end
end
if mark ~= interval then
  reply[#reply + 1] = 'lifetime'
  reply[#reply + 1] = mark or ''
end
local time = try('TIME') or { 0, 0 }
local micros = time[1] * 1000000 + time[2]
reply[1] = string.format('%.17g %.17g %.17g %.0f %d %s', created, accessed, idle, micros, touched, refused)
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

/**
 * Has a session's time to live follow the options, or the lifetime that this very change gives it. ARGV from `at`: now,
 * touchEveryMs, absoluteTimeoutMs, idle timeout (s), then both fields of the new lifetime, or '' twice.
 */
const KEEP = `
local function keep(key, at)
  local interval, mark = ARGV[at + 4], ARGV[at + 5]
  local fields = redis.call('HMGET', key, 'creationTime', 'lastAccessedTime', 'maxInactiveInterval', 'lifetime')
  local created, accessed = tonumber(fields[1]), tonumber(fields[2])
  local isNew = interval ~= ''
  if not isNew then interval, mark = fields[3], fields[4] end
  local now, every, absolute = tonumber(ARGV[at]), tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local idle, often, limit, isChanged = lifetimeOf(interval, mark, every, absolute, ARGV[at + 3])
  if not (created and accessed and idle and (isNew or isChanged)) then return end
  needRoom(key)
  local ttl = ttlOf(created, accessed, now, idle, often, limit)
  if ttl then redis.call('PEXPIRE', key, string.format('%d', ttl)) else redis.call('PERSIST', key) end
  if isChanged then redis.call('HSET', key, 'maxInactiveInterval', ARGV[at + 3], 'lifetime', ARGV[at + 3]) end
end
`

/** Tells whoever watches for sessions that end. That it may not be told stops nothing: they look for themselves now and then. */
const TELL = `
local function tell(channel, how, member) try('PUBLISH', channel, how .. ' ' .. member) end
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
local ttl = tonumber(ARGV[4])
if ttl > 0 then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end -- there is no key yet: this tries whether it will be allowed
if KEYS[2] then enter(KEYS[2], ARGV[5], ARGV[6], ARGV[7]) end
apply(KEYS[1], 8)
if ttl > 0 then redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
return 1
`)

/**
 * KEYS: session. ARGV: earliest, latest, six for `KEEP`, expected field ('' for none), '1' if it is expected to be there, its
 * bytes, changes. 1 when applied, 0 when the session is gone, -1 when the field is not as expected.
 */
export const UPDATE = fenced(`
${CALLS}${ROOM}${EXISTS}${LIFETIME}${KEEP}${APPLY}
if not exists(KEYS[1]) then return 0 end
if ARGV[9] ~= '' then
  local value = redis.call('HGET', KEYS[1], ARGV[9])
  if (value or '') ~= ARGV[11] or (value and '1' or '0') ~= ARGV[10] then return -1 end
end
keep(KEYS[1], 3)
apply(KEYS[1], 12)
return 1
`)

/**
 * KEYS: old session, new session, mark of the old one, indexes to leave. ARGV: earliest, latest, six for `KEEP` (now is the
 * first), until, old member, new member, grace (ms), whether to enter the first index ('1'), the
 * time to live (ms; 0: none) of a session that starts over, else '', channel, changes.
 * Moves a session to a new key; 0 when it is gone. Not for Redis Cluster, where the keys lie in different slots.
 * Whole or not at all, as `APPLY` is: each command that follows the first is tried where it changes nothing.
 */
export const ROTATE = fenced(`
${CALLS}${ROOM}${EXISTS}${LIFETIME}${KEEP}${APPLY}${ENTER}${MARK}${TELL}
if not exists(KEYS[1]) then return 0 end
bump(KEYS[1])
local ttl = ARGV[14]
if ttl == '' then keep(KEYS[1], 3)
elseif ttl == '0' then redis.call('PERSIST', KEYS[1])
else redis.call('PEXPIRE', KEYS[1], ttl) end
redis.call('RENAME', KEYS[1], KEYS[1])
for i = 4, #KEYS do redis.call('ZREM', KEYS[i], '') end
if ARGV[13] == '1' then enter(KEYS[4], ARGV[3], ARGV[9], ARGV[11]) end
local former = {}
if ttl ~= '' then
  for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do former[field] = field ~= 'revision' end
  redis.call('HDEL', KEYS[1], '')
end
apply(KEYS[1], 16)
for i = 17, 16 + 2 * tonumber(ARGV[16]), 2 do former[ARGV[i]] = false end
for field, isFormer in pairs(former) do if isFormer then redis.call('HDEL', KEYS[1], field) end end
redis.call('RENAME', KEYS[1], KEYS[2])
for i = 4, #KEYS do redis.call('ZREM', KEYS[i], ARGV[10]) end
mark(KEYS[3], ARGV[11], ARGV[12])
tell(ARGV[15], 'rotated', ARGV[10])
return 1
`)

/**
 * KEYS: session, its mark of a rotation. ARGV: earliest, latest, grace (ms), channel, member. Forgets it; answers how many
 * there were and whose it was.
 */
export const DESTROY = fenced(`
${CALLS}${MARK}${TELL}
local user, failure = try('HGET', KEYS[1], 'user')
if isWrongType(failure) then return { 0 } end
if failure then return failure end
local count = redis.call('UNLINK', KEYS[1])
if count == 1 then
  mark(KEYS[2], '', ARGV[3])
  tell(ARGV[4], 'ended', ARGV[5])
end
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
 * KEYS: session, its mark of a rotation. ARGV: earliest, latest, revision, new member, grace (ms), channel, member.
 * 1 when forgotten, 0 when it was gone, -1 when somebody has written to it meanwhile.
 */
export const UNLINK_IF = fenced(`
${CALLS}${EXISTS}${MARK}${TELL}
if not exists(KEYS[1]) then return 0 end
if (redis.call('HGET', KEYS[1], 'revision') or '') ~= ARGV[3] then return -1 end
redis.call('UNLINK', KEYS[1])
mark(KEYS[2], ARGV[4], ARGV[5])
tell(ARGV[6], 'rotated', ARGV[7])
return 1
`)
