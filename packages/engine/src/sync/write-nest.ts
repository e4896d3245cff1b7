import { defaultUglyFox, type Limits, type UglyFoxConfig } from '@polar-gosling/domain';
import { sha256Hex, stableJson } from '@polar-gosling/kernel';
import type { NestRead } from '@polar-gosling/nest';
import type { NestCommit } from '@polar-gosling/ports/git';
import { outboxWrite } from '@polar-gosling/ports/queue';
import type { CallOptions, Row, Write } from '@polar-gosling/ports/store';
import type { InternalDeps } from '../deps.ts';
import { commitUnderLease, type Lease } from '../leases/lease.ts';
import { noBackoff } from '../reconcile/backoff.ts';
import { forgetDeployments } from '../rollback/forget-deployments.ts';
import { getRow } from '../rows/read.ts';
import { typed } from '../rows/tables.ts';
import { auditWrite, dirtyWrites } from '../rows/writes.ts';
import type { ComparedEgg, InvalidEgg, NestChange } from './compare.ts';

/** The row `nest`: which commit is in force, and every Egg we know of (draining ones too). */
export interface NestState {
  /** The last that was written whole; empty before the first. */
  readonly commit: string;
  /** Another one is being written, or was left half by a process that ended: it is done again. */
  readonly isUnfinished?: boolean;
  readonly eggs: readonly string[];
  readonly status: 'success' | 'partial' | 'held';
  /** `machine_revision` the hashes were made with. */
  readonly revision: number;
  /** Limits outside the Nest that the commit was checked by; every process goes by these. */
  readonly limits?: Limits;
  /** Errors of the commit in force, shown until another commit mends them. */
  readonly problems?: readonly NestProblem[];
}

export interface NestProblem {
  readonly code: string;
  readonly file: string;
  readonly line: number;
  readonly message: string;
  readonly since: number;
}

const problemsKept = 50;

export const uglyFoxFile = 'UF/config.fly';
const nestKey = { table: 'egg_configs', partition: 'nest' } as const;

export async function readNestRow(deps: InternalDeps, options: CallOptions): Promise<NestState | undefined> {
  const row = await getRow(deps.store, { ...typed.eggConfigs, key: { partition: 'nest' } }, options);
  return row?.config;
}

/**
 * Writes a checked commit. The list of Eggs grows before their rows are made and shrinks only when they are forgotten,
 * so that no crash in between loses one; the commit is noted last, so that an interrupted sync is done again.
 */
export async function writeNest(
  deps: InternalDeps,
  at: {
    head: NestCommit;
    change: NestChange;
    read: NestRead;
    known: readonly string[];
    /** The commit that is in force so far. */
    before: string;
    status: 'success' | 'partial';
    limits: Limits | undefined;
    lease: Lease;
  },
  options: CallOptions & { trace: string },
): Promise<void> {
  const { head, change, read, lease } = at;
  const stillKnown = await existing(deps, at.known, options);
  const names = [
    ...new Set([...stillKnown, ...change.eggs.map(({ config }) => String(config.name))]),
  ].toSorted();
  const state = {
    eggs: names,
    status: at.status,
    revision: deps.settings.machineRevision,
    problems: problemsOf(read, head.committedAt),
    ...(at.limits === undefined ? {} : { limits: at.limits }),
  };
  await writeNestRow(deps, { lease, state: { ...state, commit: at.before, isUnfinished: true } }, options);

  for (const egg of change.eggs) await writeEgg(deps, { lease, egg, head }, options);
  for (const invalid of change.invalid) await markInvalid(deps, { lease, invalid }, options);
  for (const name of change.removed) await startDraining(deps, { lease, name, head }, options);
  const isUglyFoxBad = read.perFile.some(({ path, ok }) => path === uglyFoxFile && !ok);
  // A file with errors keeps its last good version.
  if (!isUglyFoxBad) {
    await writeUglyFox(deps, { lease, config: read.uglyfox ?? defaultUglyFox, head }, options);
  }
  await writeNestRow(deps, { lease, state: { ...state, commit: head.commit } }, options);
  deps.queue.wake();
}

function problemsOf(read: NestRead, since: number): NestProblem[] {
  const errors = read.diagnostics.filter(({ severity }) => severity === 'error');
  return errors
    .slice(0, problemsKept)
    .map(({ code, file, range, message }) => ({ code, file, line: range.start.line, message, since }));
}

async function existing(
  deps: InternalDeps,
  names: readonly string[],
  options: CallOptions,
): Promise<string[]> {
  const found = await deps.store.get(
    names.map((partition) => ({ table: 'egg_configs', partition }) as const),
    options,
  );
  return names.filter((_, index) => found[index] !== undefined);
}

async function writeNestRow(
  deps: InternalDeps,
  { lease, state }: { lease: Lease; state: NestState },
  options: CallOptions,
): Promise<void> {
  const set: Row = {
    kind: 'nest',
    config: JSON.parse(JSON.stringify(state)),
    config_hash: '',
    machine_hash: '',
    git_commit: state.commit,
    source_file: '',
    status: 'active',
    synced_at: deps.clock.now(),
    created_at: deps.clock.now(),
  };
  const unit: Write[] = [{ kind: 'update', key: nestKey, set, when: { kind: 'any' } }];
  await commitUnderLease(deps, { lease, unit, what: 'the state of the Nest' }, options);
}

async function writeEgg(
  deps: InternalDeps,
  at: { lease: Lease; egg: ComparedEgg; head: NestCommit },
  options: CallOptions & { trace: string },
): Promise<void> {
  const { egg, head } = at;
  const now = deps.clock.now();
  const { config } = egg;
  const [scope] = config.scopes;
  const set: Row = {
    kind: config.kind,
    config: JSON.parse(JSON.stringify(config)),
    config_hash: egg.configHash,
    machine_hash: egg.machineHash,
    git_commit: head.commit,
    source_file: config.sourceFile,
    status: 'active',
    problem: undefined,
    synced_at: now,
    created_at: egg.row?.created_at ?? now,
    gitlab_server: scope?.server,
    gitlab_project_id: scope?.scope === 'project' ? scope.scopeId : undefined,
    gitlab_group_id: scope?.scope === 'group' ? scope.scopeId : undefined,
  };
  const key = { table: 'egg_configs', partition: config.name } as const;
  const unit: Write[] = [{ kind: 'update', key, set, when: { kind: 'any' } }];
  if (egg.change !== 'same') {
    const details = {
      commit: head.commit,
      file: config.sourceFile,
      before: egg.row?.config_hash,
      after: egg.configHash,
    };
    unit.push(
      auditWrite(
        { actor: 'sync', action: `egg_${egg.change}`, resourceType: 'egg', resourceId: config.name, details },
        deps,
      ),
      ...dirtyWrites(config.name, { trace: options.trace, set: forgiven(egg) }, deps),
      outboxWrite({ kind: 'bind', key: config.name, trace: options.trace }, deps),
    );
    deps.log.info('an Egg of the Nest is in force', {
      egg: config.name,
      commit: head.commit,
      state: egg.change,
    });
  }
  await commitUnderLease(deps, { lease: at.lease, unit, what: `Egg ${config.name}` }, options);
  if (egg.change === 'changed') await forgetDeployments(deps, { egg: config.name, lease: at.lease }, options);
}

/** What failed with the earlier configuration says nothing of another one. */
function forgiven({ row, configHash, machineHash }: ComparedEgg): Row {
  const isSame = row?.config_hash === configHash && row.machine_hash === machineHash;
  return isSame ? {} : { ...noBackoff };
}

/** The last good version stays in force; status says where the error is. */
async function markInvalid(
  deps: InternalDeps,
  { lease, invalid }: { lease: Lease; invalid: InvalidEgg },
  options: CallOptions,
): Promise<void> {
  const { row, problem } = invalid;
  const key = { table: 'egg_configs', partition: row.name } as const;
  const set = { status: 'invalid', problem: { ...problem }, synced_at: deps.clock.now() };
  const details = { problem, why: 'its newest text has errors; the last good version stays in force' };
  const unit: Write[] = [
    { kind: 'update', key, set, when: { kind: 'present' } },
    auditWrite(
      { actor: 'sync', action: 'egg_invalid', resourceType: 'egg', resourceId: row.name, details },
      deps,
    ),
  ];
  await commitUnderLease(deps, { lease, unit, what: `Egg ${row.name}` }, options);
}

async function startDraining(
  deps: InternalDeps,
  at: { lease: Lease; name: string; head: NestCommit },
  options: CallOptions & { trace: string },
): Promise<void> {
  const key = { table: 'egg_configs', partition: at.name } as const;
  const set = { status: 'draining', git_commit: at.head.commit, synced_at: deps.clock.now() };
  const details = { commit: at.head.commit, why: 'it is not in the Nest any more' };
  const unit: Write[] = [
    { kind: 'update', key, set, when: { kind: 'present' } },
    auditWrite(
      { actor: 'sync', action: 'egg_removed', resourceType: 'egg', resourceId: at.name, details },
      deps,
    ),
    ...dirtyWrites(at.name, { trace: options.trace }, deps),
    outboxWrite({ kind: 'bind', key: at.name, trace: options.trace }, deps),
  ];
  await commitUnderLease(deps, { lease: at.lease, unit, what: `Egg ${at.name}` }, options);
}

async function writeUglyFox(
  deps: InternalDeps,
  at: { lease: Lease; config: UglyFoxConfig; head: NestCommit },
  options: CallOptions,
): Promise<void> {
  const config = JSON.parse(JSON.stringify(at.config));
  const set: Row = {
    kind: 'uf',
    config,
    config_hash: sha256Hex(stableJson(config)),
    machine_hash: '',
    git_commit: at.head.commit,
    source_file: uglyFoxFile,
    status: 'active',
    synced_at: deps.clock.now(),
    created_at: deps.clock.now(),
  };
  const key = { table: 'egg_configs', partition: 'uf' } as const;
  const unit: Write[] = [{ kind: 'update', key, set, when: { kind: 'any' } }];
  await commitUnderLease(deps, { lease: at.lease, unit, what: 'the policies of UglyFox' }, options);
}
