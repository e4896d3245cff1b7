/** Of this program; the same as in package.json (held by a test). */
export const goslingVersion = '0.0.0';
