/** A quoted string of Fly that means exactly this text: escapes, and no interpolation. */
export function quote(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')
    // `$` before `{` is doubled; in a replacement text it would have to be doubled once more.
    .replaceAll('${', () => '$${');
  return `"${escaped}"`;
}

/** Lines of `name = value` for those that have a value. */
export function attributeLines(
  values: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>,
): string[] {
  return Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name} = ${literal(value)}`],
  );
}

function literal(value: string | number | boolean | readonly string[]): string {
  if (typeof value === 'string') return quote(value);
  return typeof value === 'object' ? `[${value.map(quote).join(', ')}]` : String(value);
}

/** A block with these lines; nothing where there are none. */
export function blockLines(header: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [`${header} {`, ...lines, '}'];
}
