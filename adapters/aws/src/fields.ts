/** The fields of a secret. What another program keeps beside ours stays as it is. */
export type Fields = Readonly<Record<string, unknown>>;

/** The JSON object in a secret's text; `undefined` when it is none. Without the parser's message, which would repeat a piece of it. */
export function parseFields(text: string): Fields | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
    return isObject ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
}

/** A field as text: numbers and the like, as other programs write them, in their JSON form. */
export function textOf(fields: Fields, key: string): string | undefined {
  if (!Object.hasOwn(fields, key)) return undefined;
  const value = fields[key];
  if (value === null || value === undefined) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

export function withField(fields: Fields, key: string, text: string): Fields {
  return Object.fromEntries([...Object.entries(fields).filter(([name]) => name !== key), [key, text]]);
}

export function withoutField(fields: Fields, key: string): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => name !== key));
}
