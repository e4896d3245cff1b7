import {
  applyPin,
  configChanges,
  defaultUglyFox,
  type EggConfig,
  isPinInForce,
  machineHash,
  replacementBy,
} from '@polar-gosling/domain';
import { mapLimit, sha256Hex, stableJson } from '@polar-gosling/kernel';
import { type NestRead, readNest } from '@polar-gosling/nest';
import type { CallOptions, EggConfigRow } from '@polar-gosling/ports/store';
import type { PreviewEgg, PreviewRequest, PreviewView } from '../api/previews.ts';
import type { InternalDeps } from '../deps.ts';
import { allInForce, type InForce } from '../rollback/in-force.ts';
import { replacedRunners } from '../rollback/replaced-runners.ts';
import { getRow, getRows, listAll } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { type ComparedEgg, compareNest, type NestChange } from '../sync/compare.ts';
import { checkGuard, knownEggs } from '../sync/sync-nest.ts';
import { readNestRow, uglyFoxFile } from '../sync/write-nest.ts';
import { launchesOf } from './launches-of.ts';

const atOnce = 8;
const nothing = { changes: [], isReplaced: false, endsPin: false, launches: 0 } as const;
const nobody = { kept: [], replaced: [], drained: [], leaving: [] } as const;
/** A hash that no machine has: of a removed Egg none stays. */
const noMachine = '';

/** What the sync of these files would do. It only reads, and takes no lease. */
export async function preview(
  deps: InternalDeps,
  request: PreviewRequest,
  options: CallOptions,
): Promise<PreviewView> {
  const { files, commit } = request;
  const { isEmbedded, environment, machineRevision } = deps.settings;
  const read = readNest(files, {
    embedded: isEmbedded,
    ...(environment === undefined ? {} : { environment }),
  });
  options.signal.throwIfAborted();
  const nest = await readNestRow(deps, options);
  const rows = await knownEggs(deps, nest?.eggs ?? [], options);
  const change = compareNest({ read, files, rows, machineRevision });
  const verdict = await checkGuard(deps, { commit, before: nest?.commit, rows, change }, options);
  const eggs = await previewEggs(deps, { change, rows }, options);
  return {
    ...(nest?.commit === undefined || nest.commit === '' ? {} : { against: nest.commit }),
    status: verdict.kind === 'held' ? 'held' : withoutGuard(change),
    held: verdict.kind === 'held' ? verdict.reasons : [],
    eggs,
    unchanged: change.eggs.filter((egg) => egg.change === 'same').length,
    changesPolicies: await changesPolicies(deps, read, options),
    diagnostics: read.diagnostics,
  };
}

function withoutGuard({ invalid, badFiles }: NestChange): 'success' | 'partial' {
  return invalid.length > 0 || badFiles.length > 0 ? 'partial' : 'success';
}

async function previewEggs(
  deps: InternalDeps,
  at: { change: NestChange; rows: readonly EggConfigRow[] },
  options: CallOptions,
): Promise<PreviewEgg[]> {
  const { change } = at;
  const inForce = await allInForce(deps, at.rows, options);
  const byName = new Map(inForce.map((one) => [one.egg.name, one]));
  const changed = change.eggs.filter((egg) => egg.change !== 'same');
  const found = await mapLimit(changed, { limit: atOnce, signal: options.signal }, (egg, signal) =>
    ofChanged(deps, { egg, known: byName.get(egg.config.name) }, { signal }),
  );
  const removed = await mapLimit(
    change.removed,
    { limit: atOnce, signal: options.signal },
    async (name, signal): Promise<PreviewEgg> => {
      const runners = replacementBy(noMachine, await runnersOf(deps, name, { signal }));
      const file = byName.get(name)?.egg.source_file ?? '';
      return { ...nothing, name, file, change: 'removed', runners };
    },
  );
  const invalid = change.invalid.map(
    ({ row, problem }): PreviewEgg => ({
      ...nothing,
      name: row.name,
      file: problem.file,
      change: 'invalid',
      runners: nobody,
    }),
  );
  return [...found, ...removed, ...invalid].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

async function ofChanged(
  deps: InternalDeps,
  at: { egg: ComparedEgg; known: InForce | undefined },
  options: CallOptions,
): Promise<PreviewEgg> {
  const { egg, known } = at;
  const { config } = egg;
  const base = { name: String(config.name), file: config.sourceFile };
  if (known === undefined) {
    const launches = await launchesOf(deps, { config, machineHash: egg.machineHash }, options);
    return { ...nothing, ...base, change: 'new', launches, runners: nobody };
  }
  const before: EggConfig = known.egg.config;
  const { pin } = known;
  const after = applyPin(config, pin && { part: pin.machine, over: pin.over });
  const hash = machineHash(after, deps.settings.machineRevision);
  return {
    ...base,
    change: 'changed',
    changes: configChanges(before, after),
    isReplaced: hash !== known.egg.machine_hash,
    endsPin: pin !== undefined && !isPinInForce(config, pin),
    launches: await launchesOf(deps, { config: after, machineHash: hash }, options),
    runners: replacementBy(hash, await runnersOf(deps, base.name, options)),
  };
}

async function runnersOf(deps: InternalDeps, egg: string, options: CallOptions) {
  const members = await listAll(deps.store, { ...typed.eggMembers, query: { partition: egg } }, options);
  const keys = members.flatMap(({ item }) =>
    item.startsWith('runner#') ? [{ partition: item.slice('runner#'.length) }] : [],
  );
  const rows = await getRows(deps.store, { ...typed.runners, keys }, options);
  const agents = await getRows(deps.store, { ...typed.runnerAgents, keys }, options);
  return replacedRunners(rows, new Map(agents.map((agent) => [agent.runner_id, agent])));
}

/** A file with errors changes no policy. */
async function changesPolicies(deps: InternalDeps, read: NestRead, options: CallOptions): Promise<boolean> {
  if (read.perFile.some(({ path, ok }) => path === uglyFoxFile && !ok)) return false;
  const row = await getRow(deps.store, { ...typed.eggConfigs, key: { partition: 'uf' } }, options);
  const config = JSON.parse(JSON.stringify(read.uglyfox ?? defaultUglyFox));
  return row !== undefined && row.config_hash !== sha256Hex(stableJson(config));
}
