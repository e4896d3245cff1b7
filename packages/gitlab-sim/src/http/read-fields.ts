import type { Violation } from '../state/world.ts';
import { createFieldValues, type Field, type Fields, type FieldValues, isObject } from './fields.ts';

export interface FieldProblem {
  readonly kind: Violation['kind'];
  readonly detail: string;
}

/** Query and form fields arrive as text (and are turned into what the field is); JSON must be exact. */
export type FieldOrigin = 'text' | 'json';

/** Checks the fields of one request; an unknown name is a problem, not something to pass over. */
export function readFields(
  fields: Fields,
  raw: ReadonlyMap<string, unknown>,
  origin: FieldOrigin,
): { values: FieldValues; problems: FieldProblem[] } {
  const problems: FieldProblem[] = [];
  const values = new Map<string, unknown>();
  for (const [name, value] of raw) {
    const field = fields[name];
    const read = field && origin === 'text' ? fromText(field, value) : value;
    if (field === undefined) problems.push({ kind: 'unknown_field', detail: `${name} is unknown` });
    else if (value === null) continue;
    else if (isValid(field, read)) values.set(name, read);
    else problems.push({ kind: 'bad_value', detail: `${name} is invalid` });
  }
  const missing = Object.entries(fields).filter(
    ([name, field]) => field.isRequired && (raw.get(name) ?? null) === null,
  );
  for (const [name] of missing) problems.push({ kind: 'missing_field', detail: `${name} is missing` });
  return { values: createFieldValues(values), problems };
}

/** `a=1&b[]=2&b[]=3` → a: "1", b: ["2", "3"]. A name given twice without brackets is a list too. */
export function rawFromSearch(search: URLSearchParams): Map<string, unknown> {
  const raw = new Map<string, unknown>();
  for (const key of new Set(search.keys())) {
    const all = search.getAll(key);
    const name = key.endsWith('[]') ? key.slice(0, -2) : key;
    raw.set(name, key.endsWith('[]') || all.length > 1 ? all : all[0]);
  }
  return raw;
}

function fromText(field: Field, value: unknown): unknown {
  if (field.type === 'strings') return typeof value === 'string' ? value.split(',') : value;
  if (typeof value !== 'string') return value;
  if (field.type === 'integer') return /^-?\d{1,15}$/.test(value) ? Number(value) : value;
  if (field.type === 'boolean') return booleans.get(value) ?? value;
  return value;
}

const booleans = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

function isValid(field: Field, value: unknown): boolean {
  switch (field.type) {
    case 'string':
      return typeof value === 'string' && (field.values === undefined || field.values.includes(value));
    case 'integer':
      return Number.isInteger(value);
    case 'boolean':
      return typeof value === 'boolean';
    case 'strings':
      return Array.isArray(value) && value.every((item) => isValid({ ...field, type: 'string' }, item));
    case 'objects':
      return Array.isArray(value) && value.every(isObject);
    case 'object':
      return isObject(value);
  }
}
