import type { Scope } from '../resolve/scope.ts';
import type { Slot } from '../schema/compiled.ts';
import { Node } from '../syntax/kinds.ts';
import type { BlockNode } from '../syntax/tree.ts';
import { Converter } from './convert.ts';
import type { Reader } from './reader.ts';
import { typeOfVariable } from './variable-type.ts';

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

/** Checks what an environment sets against the types of the variables. */
export function checkSettings(reader: Reader, item: BlockNode, scope: Scope): void {
  for (const setting of item.items) {
    if (setting.kind !== Node.attribute) continue;
    const type = scope.typeOf(setting.name);
    if (type === undefined || type.kind === 'any') continue;
    new Converter(reader).convert(setting.value, { name: setting.name, type }, { name: 'values' });
  }
}
