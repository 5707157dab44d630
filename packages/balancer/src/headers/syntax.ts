/** A token (RFC 9110 §5.6.2): a method, a field's or a cookie's name. */
export const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

/** A character that no field's value may hold (RFC 9110 §5.5), values being read one character a byte. */
export const ODD_VALUE = /[^\t\x20-\x7e\x80-\xff]/
