/**
 * The width of a line of text in pixels, without a browser or a canvas to ask. Vega's own guess takes every
 * character for 0.8 em, which is too much for Latin letters and too little for Korean ones. Taken from a wide font (DejaVu
 * Sans), so that words fit wherever the page is read.
 */
export function textWidth(line: string, fontSize: number): number {
  let ems = 0
  for (const character of line) ems += emsOf(character)
  return ems * fontSize
}

function emsOf(character: string): number {
  if (/[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7a3\uff00-\uff60]/u.test(character)) return 1
  if (/[→…]/u.test(character)) return 1
  if (/[ijlI.,:;'|!()[\] ]/u.test(character)) return 0.37
  if (/[A-Zmw%@]/u.test(character)) return 0.8
  return 0.64
}
