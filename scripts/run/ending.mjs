/** Aborted when what runs is being ended from outside: whatever its children then answer says nothing of them. */
export const ending = new AbortController()
