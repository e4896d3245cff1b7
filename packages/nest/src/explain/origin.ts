import { positionOf, type Span, spanOf } from '@polar-gosling/fly';
import type { Placed } from '../cross-check.ts';
import type { FileOrigin } from './effective.ts';

/** A place that sets a value. */
export interface Setting {
  readonly origin: FileOrigin;
  readonly placed: Placed;
  /** Of the value. */
  readonly span: Span;
}

type Values = Readonly<Record<string, unknown>>;

/** The uppermost layer that sets this value; `undefined` where none does, or a `null` above takes it away. */
export function findSetting(layers: readonly Placed[], path: readonly string[]): Setting | undefined {
  for (const placed of layers.toReversed()) {
    const value = valueAt(placed.block.values, path);
    if (value === null) return undefined;
    if (value !== undefined) return settingAt(placed, path);
  }
  return undefined;
}

export function settingAt(placed: Placed, path: readonly (string | number)[]): Setting {
  const { source, block } = placed;
  const span = spanOf(source.parsed, block, path);
  return { placed, span, origin: placeOf(placed, layerOf(placed), span.start) };
}

export function placeOf({ source }: Placed, layer: FileOrigin['layer'], offset: number): FileOrigin {
  const { line, col } = positionOf(source.parsed, offset);
  return { kind: 'file', layer, file: source.path, line, col };
}

function layerOf({ block: { kind } }: Placed): FileOrigin['layer'] {
  return kind === 'defaults' || kind === 'patch' || kind === 'mothergoose' || kind === 'uglyfox'
    ? kind
    : 'block';
}

/** `null` also where something on the way is `null`. */
function valueAt(values: unknown, path: readonly string[]): unknown {
  let here = values;
  for (const name of path) {
    if (here === null || here === undefined) return here;
    here = Array.isArray(here) ? here.find((item: Values) => item?.['label'] === name) : memberOf(here, name);
  }
  return here;
}

function memberOf(values: unknown, name: string): unknown {
  return typeof values === 'object' && values !== null && Object.hasOwn(values, name)
    ? (values as Values)[name]
    : undefined;
}
