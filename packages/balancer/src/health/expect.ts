/** Whether a status is one of these codes and ranges, `200-399` or `200,204`. @throws TypeError when that makes no sense */
export function expectedStatus(text: string): (status: number) => boolean {
  const ranges = text.split(',').map((part) => {
    const [, from, to = from] = /^\s*([1-5]\d\d)(?:\s*-\s*([1-5]\d\d))?\s*$/.exec(part) ?? []
    if (from === undefined || Number(from) > Number(to)) {
      throw new TypeError(`${JSON.stringify(text)} is no list of status codes and ranges, as 200-399 or 200,204`)
    }
    return [Number(from), Number(to)] as const
  })
  return (status) => ranges.some(([from, to]) => status >= from && status <= to)
}
