import type { Plain } from '@polar-gosling/fly';

type PlainMap = { readonly [name: string]: Plain };

/**
 * Lays configurations over one another, the last on top: an attribute replaces, a list replaces as a whole, a map
 * or block merges by key, labelled blocks merge by label, `null` removes.
 */
export function mergeLayers<Values extends object>(layers: readonly object[]): Values {
  let merged: PlainMap = Object.create(null);
  for (const layer of layers) merged = mergeMaps(merged, layer as PlainMap);
  // Each layer was checked against the schema of the same block, and merging adds no name and no type.
  return merged as Values;
}

function mergeMaps(below: PlainMap, above: PlainMap): PlainMap {
  const merged: Record<string, Plain> = Object.create(null);
  for (const [name, value] of Object.entries(below)) merged[name] = value;
  for (const [name, value] of Object.entries(above)) {
    if (value === null) delete merged[name];
    else merged[name] = mergeValue(merged[name], value);
  }
  return merged;
}

function mergeValue(below: Plain | undefined, above: Plain): Plain {
  if (isMap(below) && isMap(above)) return mergeMaps(below, above);
  if (isLabelled(below) && isLabelled(above)) return mergeLabelled(below, above);
  // Also where nothing lies below: a `null` inside must not stay.
  return isMap(above) ? mergeMaps({}, above) : above;
}

function mergeLabelled(below: readonly Labelled[], above: readonly Labelled[]): Plain {
  const byLabel = new Map<string, PlainMap>(below.map((block) => [block.label, block]));
  for (const block of above) byLabel.set(block.label, mergeMaps(byLabel.get(block.label) ?? {}, block));
  return [...byLabel.values()];
}

type Labelled = PlainMap & { readonly label: string };

function isLabelled(value: Plain | undefined): value is readonly Labelled[] {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item?.label === 'string');
}

function isMap(value: Plain | undefined): value is PlainMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
