import { nearest } from '@polar-gosling/kernel';
import { configVariables } from './settings-table.ts';

/** A misspelt setting must not be ignored in silence. */
export function unknownSettings(env: Readonly<Record<string, unknown>>): { name: string; message: string }[] {
  const known = configVariables.map(({ name }) => name);
  return Object.keys(env)
    .filter((name) => name.startsWith('GOSLING_') && !known.includes(name))
    .toSorted()
    .map((name) => {
      const guess = nearest(name, known);
      const hint = guess === undefined ? '`gosling doctor` lists them all' : `did you mean ${guess}?`;
      return { name, message: `no such setting; ${hint}` };
    });
}
