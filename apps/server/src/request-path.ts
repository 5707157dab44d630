/** The path of a request without its query, which may hold what nobody else should read. */
export function pathOf(request: { url: string }): string {
  return request.url.split('?', 1)[0] ?? ''
}
