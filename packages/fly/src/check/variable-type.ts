import type { ValueType } from '../schema/types.ts';

const types: ReadonlyMap<unknown, ValueType> = new Map<unknown, ValueType>([
  [undefined, { kind: 'string' }],
  ['string', { kind: 'string' }],
  ['int', { kind: 'int' }],
  ['bool', { kind: 'bool' }],
  ['list', { kind: 'list', of: { kind: 'any' } }],
  ['map', { kind: 'map', of: { kind: 'any' } }],
]);

/** The type a variable declares. */
export function typeOfVariable(values: Readonly<Record<string, unknown>>): ValueType {
  const of = values['of'];
  if (values['type'] === 'enum' && Array.isArray(of)) return { kind: 'enum', of };
  return types.get(values['type']) ?? { kind: 'any' };
}
