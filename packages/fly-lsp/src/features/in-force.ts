import type { EffectiveValue, Origin } from '@polar-gosling/nest';
import type { Snapshot } from '../snapshot.ts';
import { type Cursor, wordOf } from './cursor.ts';

/** A value of an Egg as it is in force, without an environment or with one. */
export interface InForce {
  readonly environment: string | undefined;
  readonly value: EffectiveValue;
}

/** What is in force of the attribute of an Egg or EggsBucket that the cursor stands on, in each environment. */
export function inForceAt(snapshot: Snapshot, { place, token }: Cursor): InForce[] {
  const [outer, ...inner] = place.frames;
  const name = outer?.name === 'patch' ? outer.labels[1] : outer?.labels[0];
  const kind = outer?.name === 'patch' ? outer.labels[0] : outer?.name;
  if (name === undefined || (kind !== 'egg' && kind !== 'eggsbucket')) return [];
  if (inner.some((frame) => frame.kind !== 'block')) return [];
  const word = wordOf(snapshot.source, place.before[0] ?? token);
  const path = [...inner.flatMap((frame) => [frame.name, ...frame.labels]), word].join('.');
  return snapshot.explain(name).flatMap(({ environment, values }) => {
    const value = values.find((one) => one.path === path);
    return value === undefined ? [] : [{ environment, value }];
  });
}

/** The values in words: once, where all environments agree. */
export function inForceText(all: readonly InForce[]): string | undefined {
  const lines = all.map(({ environment, value }) => ({ environment, text: sayValue(value) }));
  const [first] = lines;
  if (first === undefined) return undefined;
  const others = lines.filter(({ text }) => text !== first.text);
  return [
    `In force: ${first.text}`,
    ...others.map(({ environment, text }) => `With ${environment}: ${text}`),
  ].join('\n\n');
}

function sayValue({ text, origin, note }: EffectiveValue): string {
  const value = text === undefined ? 'nothing' : `\`${text}\``;
  const more = note === undefined ? '' : ` (${note})`;
  return `${value}, ${sayOrigin(origin)}${more}`;
}

function sayOrigin(origin: Origin): string {
  return origin.kind === 'file' ? `${origin.file}:${origin.line}` : `built in: ${origin.why}`;
}
