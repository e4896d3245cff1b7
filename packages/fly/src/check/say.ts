import type { Plain, ValueType } from '../schema/types.ts';

const wanted: Readonly<Record<ValueType['kind'], string>> = {
  string: 'text in quotes',
  int: 'a whole number',
  bool: 'true or false',
  duration: 'a duration such as "10m"',
  size: 'a size such as "4GiB"',
  percent: 'a percentage such as 80 or "80%"',
  cron: 'a cron line such as "0 2 * * *"',
  enum: 'one of a few words in quotes',
  secret: 'a reference to a secret such as "vault://secret/my-app/token"',
  rule: 'a rule in quotes such as "age > 1h"',
  environment: 'text in quotes',
  list: 'a list',
  map: 'a map',
  any: 'any value',
};

/** A type in words, with its article. */
export function sayWanted(type: ValueType): string {
  if (type.kind === 'enum') return `one of ${type.of.map((word) => JSON.stringify(word)).join(', ')}`;
  return type.kind === 'list' && type.of.kind === 'string' ? 'a list of texts' : wanted[type.kind];
}

/** What a value is, in words. */
export function sayFound(plain: Plain): string {
  if (plain === null) return 'null';
  if (Array.isArray(plain)) return 'a list';
  if (typeof plain === 'object') return 'a map';
  if (typeof plain === 'string') return 'text';
  if (typeof plain === 'boolean') return String(plain);
  return Number.isInteger(plain) ? 'a number' : 'a number with a fraction';
}
