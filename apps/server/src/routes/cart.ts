import type { FastifyInstance } from 'fastify'
import { answerChange, answerJson, answerMissing } from '../answer.ts'
import type { Parts } from '../parts.ts'
import { oneWord } from '../query.ts'
import { Refusal } from '../refusal.ts'

const MOST_ITEMS = 100
const LONGEST_ITEM = 200

/** `POST /cart/add?item=` puts an item in the cart and answers the cart, as JSON in every form; `GET /cart` answers it. */
export function cartRoutes(app: FastifyInstance, { config, sessions }: Parts): void {
  app.post('/cart/add', async (request, reply) => {
    const item = oneWord(request, 'item', LONGEST_ITEM)
    const cart = await sessions.of(request).update('cart', (items = []) => {
      if (items.length >= MOST_ITEMS) throw new Refusal('cart-full', { max: String(MOST_ITEMS) })
      return [...items, item]
    })
    return answerChange(request, reply, JSON.stringify(cart), cart)
  })

  app.get('/cart', async (request, reply) => {
    const cart = await sessions.of(request).get('cart')
    return cart === undefined ? answerMissing(config, sessions, request, reply, 'cart') : answerJson(reply, cart)
  })
}
