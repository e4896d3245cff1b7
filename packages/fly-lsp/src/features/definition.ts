import { Token } from '@polar-gosling/fly';
import type { Location, Position } from 'vscode-languageserver';
import { type Definition, findDefinitions } from '../definitions.ts';
import { rangeOf, toRange } from '../positions.ts';
import { referenceAt } from '../reference-at.ts';
import { valueAt } from '../schema-at.ts';
import type { Snapshot } from '../snapshot.ts';
import { type Cursor, cursorAt, wordOf } from './cursor.ts';
import { inForceAt } from './in-force.ts';
import { poolKinds, poolNames } from './pool-names.ts';

/** Where the variable, local, Egg, bucket or job under the cursor is defined, in whichever file. */
export function definition(snapshot: Snapshot, position: Position): Location[] {
  const cursor = cursorAt(snapshot.source, position);
  const wanted = referenceTarget(snapshot, cursor) ?? nameTarget(snapshot, cursor);
  if (wanted === undefined) return settersOf(snapshot, cursor);
  return findDefinitions(snapshot.nest)
    .filter(({ kind, name }) => wanted.kinds.includes(kind) && name === wanted.name)
    .map(({ source, nameSpan }) => ({ uri: source.uri, range: toRange(source, nameSpan) }));
}

/** Where else the attribute of an Egg is set: in `defaults`, in a patch, in MG/config.fly. */
function settersOf(snapshot: Snapshot, cursor: Cursor): Location[] {
  const { source, nest } = snapshot;
  if (cursor.isInValue || cursor.kind !== Token.name) return [];
  const line = source.document.positionAt(cursor.span.start).line + 1;
  const places = inForceAt(snapshot, cursor).flatMap(({ value: { origin } }) => {
    const isHere = origin.kind === 'file' && origin.file === source.parsed.file && origin.line === line;
    const home = origin.kind === 'file' && nest.find(({ parsed }) => parsed.file === origin.file);
    if (isHere || !home || origin.kind !== 'file') return [];
    const place = { line: origin.line, col: origin.col, byte: 0 };
    return [{ uri: home.uri, range: rangeOf(home, { start: place, end: place }) }];
  });
  return [...new Map(places.map((place) => [JSON.stringify(place), place])).values()];
}

interface Target {
  readonly kinds: readonly (Definition['kind'] | string)[];
  readonly name: string;
}

function referenceTarget({ source }: Snapshot, cursor: Cursor): Target | undefined {
  if (!cursor.isInValue) return undefined;
  const path = referenceAt(source.parsed, cursor.token, cursor.offset)?.path;
  const [root, name] = path ?? [];
  return root !== undefined && name !== undefined ? { kinds: [root], name } : undefined;
}

/** Names that are plain texts: in `eggs_entities`, in `patch`, in `values`, and the labels themselves. */
function nameTarget({ source }: Snapshot, { place, kind, token, isInValue }: Cursor): Target | undefined {
  const word = wordOf(source, token);
  if (isInValue) {
    const isPool = kind === Token.string && valueAt(place, (one) => wordOf(source, one))?.name === poolNames;
    return isPool ? { kinds: poolKinds, name: word } : undefined;
  }
  const isInValues = place.frames.length === 1 && place.frames[0]?.name === 'values';
  if (isInValues && place.before.length === 0) return { kinds: ['var'], name: word };
  const [head, first] = place.before.map((one) => wordOf(source, one));
  if (place.frames.length > 0 || head === undefined) return undefined;
  if (head === 'patch' && first !== undefined) return { kinds: [first], name: word };
  return { kinds: [head === 'variable' ? 'var' : head], name: word };
}
