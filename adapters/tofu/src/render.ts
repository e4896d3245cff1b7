import { kernelErrors, sha256Hex, stableJson } from '@polar-gosling/kernel';
import type { BundleFiles, TofuWanted } from '@polar-gosling/ports/tofu';
import { z } from 'zod';
import { renderCloudInit } from './cloud-init.ts';
import type { BundleSources } from './compute-module.ts';
import { lockFileName } from './providers/lock-file.ts';
import { RunnerEntry } from './runner-entry-schema.ts';
import type { StateBackend } from './state-place.ts';
import { renderTemplate } from './templates.ts';

/** Names no provider and no module, so `init` does not look at it. */
const checksFile = 'checks.tf';

/** The files of one run, and what names them. */
export interface Bundle {
  /** Texts by path; equal input gives equal bytes. */
  readonly files: ReadonlyMap<string, string>;
  /** The same without one-time tokens, as it may be kept. */
  withoutTokens(): ReadonlyMap<string, string>;
  /** Hash over what `init` looks at: everything but the values. */
  readonly initSha256: string;
  /** One-time tokens of the entries: never to be seen in a log. */
  readonly secrets: readonly string[];
}

export interface RenderInput {
  readonly wanted: TofuWanted;
  readonly state: StateBackend;
  readonly providerMirror: string;
  /** Text of the lock file; absent: OpenTofu chooses versions itself. */
  readonly lock?: string;
  /** What the local provider's launcher gets. */
  readonly launcher: {
    readonly data_dir: string;
    readonly agent_command: readonly string[];
    readonly agent_env: Readonly<Record<string, string>>;
    readonly container?: {
      readonly socket: string;
      readonly image: string;
      readonly network: string;
      readonly mounts: readonly string[];
      readonly relay?: string;
    };
  };
}

/** Renders a bundle. Values of users are in `pg.auto.tfvars.json` only, where nothing is evaluated. */
export function renderBundle(sources: BundleSources, input: RenderInput): Bundle {
  const entries = [...input.wanted.entries].map(([id, text]) => parseEntry(id, text, input.wanted.provider));
  const context = contextOf(input, entries);
  const shape = new Map([
    ...[...sources.templates].map(([path, text]) => [path, renderTemplate(path, text, context)] as const),
    ...[...sources.moduleFiles].map(([name, text]) => [`compute/${name}`, text] as const),
  ]);
  if (input.lock !== undefined) shape.set(lockFileName, input.lock);
  const withValues = (of: readonly RunnerEntry[]) =>
    new Map([...shape, ['pg.auto.tfvars.json', `${stableJson(valuesOf(sources, input, of))}\n`] as const]);
  return {
    files: withValues(entries),
    withoutTokens: () => withValues(entries.map((entry) => ({ ...entry, bootstrap_token: '' }))),
    initSha256: hashFiles(new Map([...shape].filter(([path]) => path !== checksFile))),
    secrets: entries
      .map((entry) => entry.bootstrap_token)
      .filter((token) => token !== '')
      .toSorted(),
  };
}

/** What is rendered for a long-lived set; the rest it brings along. */
const frameFiles: ReadonlySet<string> = new Set(['providers.tf', 'tofu.rc', 'versions.tf']);
const valuesFile = /\.auto\.tfvars\.json$/;

/** The bundle of a long-lived set: its own files, in the frame that a bundle of runners has. */
export function renderSet(sources: BundleSources, input: RenderInput, own: BundleFiles): Bundle {
  const taken = [...own.keys()].filter((path) => frameFiles.has(path) || path === lockFileName);
  if (taken.length > 0) throw kernelErrors.impossible({ what: `a set brings ${taken.join(', ')} along` });
  const context = contextOf(input, []);
  const frame = [...sources.templates].filter(([path]) => frameFiles.has(path));
  const files = new Map([
    ...own,
    ...frame.map(([path, text]) => [path, renderTemplate(path, text, context)] as const),
    ...(input.lock === undefined ? [] : [[lockFileName, input.lock] as const]),
  ]);
  return {
    files,
    withoutTokens: () => own,
    initSha256: hashFiles(new Map([...files].filter(([path]) => !valuesFile.test(path)))),
    secrets: [],
  };
}

/** What templates may branch on: the provider, paths of ours, and how many things there are to check. */
function contextOf(input: RenderInput, entries: readonly RunnerEntry[]): Readonly<Record<string, unknown>> {
  const count = (pick: (entry: RunnerEntry) => readonly (string | undefined)[]) =>
    new Set(entries.flatMap(pick).filter((value) => value !== undefined && value !== '')).size;
  const isAws = input.wanted.provider === 'aws';
  return {
    provider: input.wanted.provider,
    backend: input.state,
    provider_mirror: input.providerMirror,
    state_bucket: bucketOf(input),
    vms: entries.some(({ type }) => type === 'vm'),
    subnets: count(({ subnet_id }) => [subnet_id]),
    // As tofu_data.tf has them.
    roles: count(({ type, role, container }) => {
      if (isAws) return type === 'vm' ? [role] : [];
      return [role, container?.invoker];
    }),
    task_roles: count(({ type, role, container }) =>
      isAws && type === 'serverless' ? [role, container?.execution_role] : [],
    ),
  };
}

/** Bucket of the states, where the provider can see it: checked with the rest. */
function bucketOf({ state, wanted }: RenderInput): string {
  return wanted.provider === 'aws' && state.kind === 's3' && state.endpoint === '' ? state.bucket : '';
}

function valuesOf(sources: BundleSources, input: RenderInput, entries: readonly RunnerEntry[]): object {
  const { wanted, launcher } = input;
  const shared = {
    runners: Object.fromEntries(entries.map((entry) => [entry.runner_id, entry])),
    module_version: sources.module.version,
    machine_revision: sources.module.machineRevision,
  };
  if (wanted.provider === 'local') return { ...shared, launcher };
  const userData = entries.flatMap((entry) => {
    const text = entry.type === 'vm' ? renderCloudInit(sources, entry) : undefined;
    return text === undefined ? [] : [[entry.runner_id, Buffer.from(text).toString('base64')] as const];
  });
  const living = [...(wanted.living ?? [])].toSorted();
  const own = wanted.provider === 'yandex' ? { shard: wanted.shard } : { region: wanted.region };
  return { ...shared, living, user_data: Object.fromEntries(userData), ...own };
}

function parseEntry(id: string, text: string, provider: string): RunnerEntry {
  const parsed = RunnerEntry.safeParse(JSON.parse(text));
  if (!parsed.success) {
    throw kernelErrors.impossible({
      what: `the entry of runner ${id} is none: ${z.prettifyError(parsed.error)}`,
    });
  }
  if (parsed.data.runner_id !== id) {
    throw kernelErrors.impossible({ what: `the entry of runner ${id} is that of ${parsed.data.runner_id}` });
  }
  if (parsed.data.provider !== provider) {
    throw kernelErrors.impossible({
      what: `the entry of runner ${id} is for ${parsed.data.provider}, in a bundle for ${provider}`,
    });
  }
  return parsed.data;
}

function hashFiles(files: ReadonlyMap<string, string>): string {
  return sha256Hex(stableJson(Object.fromEntries([...files].map(([path, text]) => [path, sha256Hex(text)]))));
}
