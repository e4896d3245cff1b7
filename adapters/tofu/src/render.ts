import { kernelErrors, sha256Hex, stableJson } from '@polar-gosling/kernel';
import type { TofuWanted } from '@polar-gosling/ports/tofu';
import { Environment } from 'minijinja-js';
import { z } from 'zod';
import { runnerIdPattern } from './addresses.ts';
import type { BundleSources } from './compute-module.ts';

const fuel = 100_000;

const RunnerEntry = z.strictObject({
  runner_id: z.string().regex(runnerIdPattern),
  egg_name: z.string(),
  name: z.string(),
  provider: z.enum(['local', 'aws', 'yandex']),
  type: z.enum(['vm', 'serverless']),
  gosling_url: z.string(),
  bootstrap_token: z.string(),
  cpu: z.number(),
  memory_mib: z.number(),
  disk_gib: z.number(),
  tags: z.record(z.string(), z.string()),
});

/** The files of one run, and what names them. */
export interface Bundle {
  /** Texts by path; equal input gives equal bytes. */
  readonly files: ReadonlyMap<string, string>;
  /** Hash over all files. */
  readonly sha256: string;
  /** Hash over what `init` looks at: everything but the values. */
  readonly initSha256: string;
  /** One-time tokens of the entries: never to be seen in a log. */
  readonly secrets: readonly string[];
}

export interface RenderInput {
  readonly wanted: TofuWanted;
  readonly stateFile: string;
  readonly providerMirror: string;
  /** What the local provider's launcher gets. */
  readonly launcher: {
    readonly data_dir: string;
    readonly agent_command: readonly string[];
    readonly agent_env: Readonly<Record<string, string>>;
  };
}

/** Renders a bundle. Values of users are in `pg.auto.tfvars.json` only, where nothing is evaluated. */
export function renderBundle(sources: BundleSources, input: RenderInput): Bundle {
  const { wanted } = input;
  const context = {
    provider: wanted.provider,
    state_path: input.stateFile,
    provider_mirror: input.providerMirror,
  };
  const shape = new Map([
    ...[...sources.templates].map(([path, text]) => [path, renderTemplate(path, text, context)] as const),
    ...[...sources.moduleFiles].map(([name, text]) => [`compute/${name}`, text] as const),
  ]);
  const entries = [...wanted.entries].map(([id, text]) => [id, parseEntry(id, text)] as const);
  const values = {
    runners: Object.fromEntries(entries),
    module_version: sources.module.version,
    machine_revision: sources.module.machineRevision,
    ...(wanted.provider === 'local' ? { launcher: input.launcher } : {}),
  };
  const files = new Map([...shape, ['pg.auto.tfvars.json', `${stableJson(values)}\n`]]);
  return {
    files,
    sha256: hashFiles(files),
    initSha256: hashFiles(shape),
    secrets: entries
      .map(([, entry]) => entry.bootstrap_token)
      .filter((token) => token !== '')
      .toSorted(),
  };
}

/** A quoted HCL string that means exactly `value`. */
export function hclString(value: string): string {
  const escapes: Readonly<Record<string, string>> = {
    '\\': '\\\\',
    '"': '\\"',
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
  };
  const text = value
    .replace(/[$%]\{/g, (mark) => `${mark[0]}${mark}`)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must be escaped
    .replace(/[\\"\u0000-\u001f\u007f]/g, (one) => escapes[one] ?? unicodeEscape(one));
  return `"${text}"`;
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function renderTemplate(path: string, text: string, context: Readonly<Record<string, string>>): string {
  const environment = new Environment();
  environment.undefinedBehavior = 'strict';
  environment.fuel = fuel;
  environment.keepTrailingNewline = true;
  environment.trimBlocks = true;
  environment.addFilter('hcl', (value: unknown) => hclString(String(value)));
  try {
    return environment.renderNamedStr(path, text, context);
  } finally {
    environment.free();
  }
}

function parseEntry(id: string, text: string): z.infer<typeof RunnerEntry> {
  const parsed = RunnerEntry.safeParse(JSON.parse(text));
  if (!parsed.success) {
    throw kernelErrors.impossible({
      what: `the entry of runner ${id} is none: ${z.prettifyError(parsed.error)}`,
    });
  }
  if (parsed.data.runner_id !== id) {
    throw kernelErrors.impossible({ what: `the entry of runner ${id} is that of ${parsed.data.runner_id}` });
  }
  return parsed.data;
}

function hashFiles(files: ReadonlyMap<string, string>): string {
  return sha256Hex(stableJson(Object.fromEntries([...files].map(([path, text]) => [path, sha256Hex(text)]))));
}
