import { type FlyBlock, type PatchBlock, type Plain, spanOf } from '@polar-gosling/fly';
import { nearest } from '@polar-gosling/kernel';
import { type Placed, report } from './cross-check.ts';
import type { NestSource } from './load-files.ts';

type PlainMap = { readonly [name: string]: Plain };

/** What an environment changes is there: blocks, what `null` removes, variables. `below` is what a patch lies on. */
export function checkPatches(
  environment: NestSource,
  placed: readonly Placed[],
  below: (block: FlyBlock) => object,
): void {
  for (const block of environment.blocks) {
    if (block.kind === 'patch') checkPatch(environment, block, { placed, below });
    if (block.kind !== 'values') continue;
    const variables = placed.filter((one) => one.block.kind === 'variable').map((one) => one.block.name);
    for (const name of Object.keys(block.values).filter((one) => !variables.includes(one))) {
      const message = `no variable is called "${name}"${hint(name, variables)}`;
      report(environment, { code: 'FLY075', span: spanOf(environment.parsed, block, [name]), message });
    }
  }
}

function checkPatch(
  environment: NestSource,
  block: PatchBlock,
  nest: { readonly placed: readonly Placed[]; readonly below: (block: FlyBlock) => object },
): void {
  const [kind = '', name = ''] = block.labels;
  const ofKind = nest.placed.filter((one) => one.block.kind === kind);
  const target = ofKind.find((one) => one.block.name === name);
  if (target === undefined) {
    const names = ofKind.map((one) => one.block.name);
    const message = `no ${kind} is called "${name}", so this patch changes nothing${hint(name, names)}`;
    report(environment, { code: 'FLY075', span: block.headerSpan, message });
    return;
  }
  for (const path of findMisses(block.values, nest.below(target.block) as PlainMap)) {
    const message = `${kind} "${name}" has no ${path.join('.')} that this could remove`;
    report(environment, { code: 'FLY075', span: spanOf(environment.parsed, block, path), message });
  }
}

/** Paths of each `null` under which nothing is set. */
function findMisses(patch: PlainMap, below: PlainMap, path: readonly string[] = []): string[][] {
  return Object.entries(patch).flatMap(([name, value]) => {
    const here = [...path, name];
    const under = below[name];
    if (value === null) return under === undefined ? [here] : [];
    return isMap(value) ? findMisses(value, isMap(under) ? under : {}, here) : [];
  });
}

function isMap(value: Plain | undefined): value is PlainMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function hint(name: string, known: readonly string[]): string {
  const guess = nearest(name, known);
  return guess === undefined ? '' : `; did you mean "${guess}"?`;
}
