import { dynamoErrors } from './errors.ts';

/**
 * What an expression may be made of: placeholders, and the words that both engines document. Attribute names stand in
 * it only as `#…`, values as `:…`; sums (`a + :n`) are not documented by YDB, nested paths not for `ADD`.
 */
const words = {
  condition: ['attribute_exists', 'attribute_not_exists', 'AND', 'OR', 'NOT', 'BETWEEN'],
  key: ['AND', 'BETWEEN'],
  update: ['SET', 'REMOVE', 'ADD'],
} as const;

const signs = {
  condition: ['=', '<>', '<', '>', '<=', '>=', '(', ')', ','],
  key: ['=', '<', '>', '<=', '>='],
  update: ['=', ','],
} as const;

const token = /[#:][A-Za-z0-9_]+|[A-Za-z_]+|<>|<=|>=|[^\sA-Za-z_#:]/g;

export function checkExpression(
  kind: keyof typeof words,
  value: unknown,
  at: { readonly op: string; readonly what: string },
): void {
  const text = typeof value === 'string' ? value : '';
  const allowed: readonly string[] = [...words[kind], ...signs[kind]];
  for (const [part] of text.matchAll(token)) {
    const isPlaceholder = part.startsWith('#') || part.startsWith(':');
    if (!isPlaceholder && !allowed.includes(part)) {
      throw dynamoErrors.dialect({ op: at.op, what: `${part} in its ${at.what}` });
    }
  }
}
