import type { Slot } from '../schema/compiled.ts';
import type { ValueType } from '../schema/types.ts';
import { Node } from '../syntax/kinds.ts';
import type { BlockNode } from '../syntax/tree.ts';
import { Converter } from './convert.ts';
import type { Reader } from './reader.ts';

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

/** Checks the default of a variable against its type. */
export function checkVariable(
  reader: Reader,
  item: BlockNode,
  values: Readonly<Record<string, unknown>>,
): void {
  const given = item.items.find((inner) => inner.kind === Node.attribute && inner.name === 'default');
  if (given?.kind !== Node.attribute || values['default'] === null) return;
  const slot: Slot = { name: 'default', type: typeOfVariable(values) };
  if (slot.type.kind !== 'any') new Converter(reader).convert(given.value, slot, { name: 'variable' });
}
