import type { Condition, RowKey } from '@polar-gosling/ports/store';
import { tableSpec } from '@polar-gosling/ports/store/adapter';
import { attributeOf } from './attributes.ts';
import type { AttributeValue } from './sdk.ts';

/** Placeholders of the expressions of one action. */
export interface Terms {
  name(attribute: string): string;
  value(value: AttributeValue): string;
  /** The parameters that explain the placeholders; absent ones are left out, as the engine demands. */
  parameters(): {
    ExpressionAttributeNames?: Record<string, string>;
    ExpressionAttributeValues?: Record<string, AttributeValue>;
  };
}

export function createTerms(): Terms {
  const names = new Map<string, string>();
  const values: [string, AttributeValue][] = [];
  return {
    name(attribute) {
      const known = names.get(attribute) ?? `#n${names.size}`;
      names.set(attribute, known);
      return known;
    },
    value(value) {
      const placeholder = `:v${values.length}`;
      values.push([placeholder, value]);
      return placeholder;
    },
    parameters: () => ({
      ...(names.size > 0
        ? { ExpressionAttributeNames: Object.fromEntries([...names].map(([name, at]) => [at, name])) }
        : {}),
      ...(values.length > 0 ? { ExpressionAttributeValues: Object.fromEntries(values) } : {}),
    }),
  };
}

/** The condition in the engine's words, an expired row counting as none; `undefined`: nothing to check. */
export function conditionOf(
  terms: Terms,
  at: { key: RowKey; when: Condition; nowMs: number },
): string | undefined {
  const { when } = at;
  const partition = () => terms.name(attributeOf(tableSpec(at.key.table).partition));
  const isAlive = () => [livingOf(terms, at)].filter((text) => text !== undefined);
  switch (when.kind) {
    case 'any':
      return undefined;
    case 'absent':
      return [`attribute_not_exists(${partition()})`, ...expiredOf(terms, at)].join(' OR ');
    case 'present':
      return [`attribute_exists(${partition()})`, ...isAlive()].join(' AND ');
    case 'version':
      return [equals(terms, 'version', { N: String(when.version) }), ...isAlive()].join(' AND ');
    case 'lease': {
      const mine = [
        equals(terms, 'fence', { N: String(when.fence) }),
        equals(terms, 'holder', { S: when.holder }),
      ];
      return [...mine, ...isAlive()].join(' AND ');
    }
  }
}

/** Holds for a row that has not ended, and for none at all; `undefined` where rows do not end. */
export function livingOf(terms: Terms, at: { key: RowKey; nowMs: number }): string | undefined {
  const { expires } = tableSpec(at.key.table);
  if (expires === undefined) return undefined;
  const column = terms.name(attributeOf(expires));
  return `(attribute_not_exists(${column}) OR NOT ${column} < ${terms.value({ N: String(at.nowMs) })})`;
}

export function equals(terms: Terms, column: string, value: AttributeValue): string {
  return `${terms.name(attributeOf(column))} = ${terms.value(value)}`;
}

function expiredOf(terms: Terms, at: { key: RowKey; nowMs: number }): string[] {
  const { expires } = tableSpec(at.key.table);
  if (expires === undefined) return [];
  return [`${terms.name(attributeOf(expires))} < ${terms.value({ N: String(at.nowMs) })}`];
}
