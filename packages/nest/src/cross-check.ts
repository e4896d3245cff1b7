import type { EggConfig } from '@polar-gosling/domain';
import { type DiagnosisOptions, diagnose, type FlyBlock, positionOf, spanOf } from '@polar-gosling/fly';
import { nearest } from '@polar-gosling/kernel';
import type { ConditionValues, UglyFoxValues } from './block-values.ts';
import type { NestSource } from './load-files.ts';

/** A block and the file it stands in. */
export interface Placed<Block extends FlyBlock = FlyBlock> {
  readonly source: NestSource;
  readonly block: Block;
}

const named: readonly FlyBlock['kind'][] = ['egg', 'eggsbucket', 'job'];
/** As many blocks of the same name are named with each: all with all of a thousand would be a million. */
const mostTwins = 8;
const single: readonly FlyBlock['kind'][] = ['uglyfox', 'mothergoose', 'notifications'];

export function report(source: NestSource, options: DiagnosisOptions): void {
  source.diagnostics.push(diagnose(source.parsed, options));
}

export function placeAll(sources: readonly NestSource[]): Placed[] {
  return sources.flatMap((source) => source.blocks.map((block) => ({ source, block })));
}

/** Names of Eggs, buckets and jobs differ, upper and lower case aside; `uglyfox` and the like stand once. */
export function checkNames(placed: readonly Placed[]): void {
  const groups = new Map<string, Placed[]>();
  for (const one of placed) {
    const { kind, name } = one.block;
    const isNamed = named.includes(kind);
    if (!isNamed && !single.includes(kind)) continue;
    // Two blocks of one file that stand once each are reported there.
    const key = isNamed ? `name ${name.toLowerCase()}` : `kind ${kind}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  for (const group of groups.values()) {
    if (group.length > 1) for (const one of group) reportTwin(one, group);
  }
}

function reportTwin({ source, block }: Placed, group: readonly Placed[]): void {
  const twins = group
    .slice(0, mostTwins + 1)
    .filter((other) => other.block !== block)
    .slice(0, mostTwins);
  const what = block.name === '' ? block.kind : `${block.kind} "${block.name}"`;
  report(source, {
    code: 'FLY080',
    span: block.headerSpan,
    message: `${what} stands more than once in this Nest`,
    related: twins.map((twin) => ({
      message: `${twin.block.kind} "${twin.block.name}"`,
      file: twin.source.path,
      range: rangeOf(twin),
    })),
  });
}

function rangeOf({ source, block }: Placed) {
  return {
    start: positionOf(source.parsed, block.headerSpan.start),
    end: positionOf(source.parsed, block.headerSpan.end),
  };
}

/** Every name in `eggs_entities` is that of an Egg or bucket, and stands in one condition only. */
export function checkConditions(uglyfox: Placed, values: UglyFoxValues, pools: readonly string[]): void {
  const owners = new Map<string, ConditionValues>();
  for (const condition of values.runners_condition ?? []) {
    for (const [index, name] of condition.eggs_entities.entries()) {
      const problem = problemOf(name, { pools, owner: owners.get(name) });
      owners.set(name, owners.get(name) ?? condition);
      if (problem === undefined) continue;
      const path = ['runners_condition', condition.label, 'eggs_entities', index];
      const span = spanOf(uglyfox.source.parsed, uglyfox.block, path);
      const { guess, ...told } = problem;
      const fixes = guess === undefined ? [] : [renaming(span, guess)];
      report(uglyfox.source, { span, path: `uglyfox.${path.join('.')}`, fixes, ...told });
    }
  }
}

function problemOf(
  name: string,
  { pools, owner }: { pools: readonly string[]; owner: ConditionValues | undefined },
): (Pick<DiagnosisOptions, 'code' | 'message'> & { readonly guess?: string }) | undefined {
  if (!pools.includes(name)) {
    const guess = nearest(name, pools);
    const hint = guess === undefined ? '' : `; did you mean "${guess}"?`;
    const message = `no egg or eggsbucket is called "${name}"${hint}`;
    return { code: 'FLY071', message, ...(guess !== undefined && { guess }) };
  }
  if (owner === undefined) return undefined;
  return { code: 'FLY046', message: `"${name}" stands in runners_condition "${owner.label}" already` };
}

/** A person decides: the nearest name of an Egg may be another Egg. */
export function renaming(span: { readonly start: number; readonly end: number }, name: string) {
  const text = `"${name}"`;
  return { title: `write ${text}`, safety: 'suggested' as const, edits: [{ ...span, text }] };
}

/** An Egg with what it claims: its tags on each project or group. */
export interface Claimed {
  readonly egg: EggConfig;
  readonly claims: readonly Claim[];
  readonly placed: Placed;
}

export interface Claim {
  readonly key: string;
  readonly repo?: string;
  /** As `project 7 of gitlab.com`. */
  readonly what: string;
}

export function claimsOf({ runner, scopes }: EggConfig): Claim[] {
  const tags = [...new Set(runner.tags)].toSorted().join(' ');
  return scopes.map(({ server, scope, scopeId, repo }) => ({
    key: `${server} ${scope} ${scopeId} ${tags}`,
    what: `${scope} ${scopeId} of ${server}`,
    ...(repo !== undefined && { repo }),
  }));
}

/** Two Eggs with the same tags on the same project or group: which one runs a job is left to chance. */
export function checkClaims(eggs: readonly Claimed[]): void {
  const owners = new Map<string, string>();
  for (const { egg, claims, placed } of eggs) {
    for (const { key, repo, what } of claims) {
      const first = owners.get(key);
      owners.set(key, first ?? egg.name);
      if (first === undefined) continue;
      const path = repo === undefined ? ['gitlab'] : ['repositories', 'repo', repo];
      report(placed.source, {
        code: 'FLY081',
        span: spanOf(placed.source.parsed, placed.block, path),
        message: `${what} is served with the same tags by "${first}" already`,
      });
    }
  }
}

/** An Egg is found more easily in a folder of its name. */
export function checkFolder({ source, block }: Placed): void {
  const folder = /^Eggs\/([^/]+)\//.exec(source.path)?.[1];
  if (folder === undefined || folder === block.name) return;
  const message = `${block.kind} "${block.name}" stands in the folder Eggs/${folder}`;
  report(source, { code: 'FLY106', span: block.headerSpan, message });
}
