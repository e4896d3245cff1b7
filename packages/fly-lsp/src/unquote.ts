/** The text of a name or label without its quotes. */
export function unquote(text: string): string {
  return /^["']/.test(text) ? text.slice(1).replace(/["']$/, '') : text;
}
