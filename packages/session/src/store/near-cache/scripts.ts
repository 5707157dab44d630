import { script } from '../redis/script.ts'

/**
 * KEYS: holders. ARGV: id, its record, what the list is told apart by if it is made now.
 * Enters a near cache into the list of those that may answer from memory. Answers what the list is told apart by: it is another
 * once the list was lost, and with it, perhaps, somebody in it.
 */
export const RENEW = script(`
local born = redis.call('HGET', KEYS[1], 'born')
if not born then
  born = ARGV[3]
  redis.call('HSET', KEYS[1], 'born', born)
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], 86400000)
return born
`)

/** KEYS: beacon. Changes a key and leaves nothing behind: whoever tracks it hears of it, after all that changed before. */
export const BEACON = script(`
redis.call('SET', KEYS[1], '')
redis.call('DEL', KEYS[1])
return 1
`)

/** KEYS: holders. ARGV: channel, message. Asks all holders, and answers who they are. */
export const ASK = script(`
redis.call('PUBLISH', ARGV[1], ARGV[2])
return redis.call('HGETALL', KEYS[1])
`)

/** KEYS: holders. ARGV: channel, message. */
export const ANSWER = script(`
redis.call('PUBLISH', ARGV[1], ARGV[2])
return 1
`)

/**
 * KEYS: holders. ARGV: pairs of an id and its record. Takes those off the list that have not renewed it. Answers how many are
 * on it still.
 */
export const FORGET = script(`
local left = 0
for i = 1, #ARGV, 2 do
  local record = redis.call('HGET', KEYS[1], ARGV[i])
  if record == ARGV[i + 1] then redis.call('HDEL', KEYS[1], ARGV[i])
  elseif record then left = left + 1 end
end
return left
`)

/** KEYS: holders. ARGV: id. Takes a near cache off the list that answers nothing from memory any more. */
export const LEAVE = script(`
redis.call('HDEL', KEYS[1], ARGV[1])
return 1
`)
