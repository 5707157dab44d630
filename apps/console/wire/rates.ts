/** The rates that the page offers, user actions per second; each goes to every lane that is on. */
export const rates: readonly number[] = [1, 3, 10, 30, 67]
