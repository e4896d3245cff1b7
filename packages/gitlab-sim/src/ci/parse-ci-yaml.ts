import { parseDocument } from 'yaml';
import type { CiConfig, JobSpec } from './ci-config.ts';
import { parseCiDuration } from './ci-duration.ts';
import { CiReader } from './ci-reader.ts';
import type { CiVariable } from './ci-variable.ts';

const jobKeys = [
  'stage',
  'script',
  'before_script',
  'after_script',
  'tags',
  'retry',
  'variables',
  'allow_failure',
  'timeout',
  'when',
  'parallel',
] as const;
const defaultKeys: readonly string[] = ['before_script', 'after_script', 'tags', 'retry', 'timeout'];
const globalKeys = new Set(['stages', 'variables', 'default']);
/** Global words of GitLab that are not job names; naming them gives a better message than "no script". */
const unsupportedKeys = new Set(['image', 'services', 'cache', 'include', 'workflow', 'pages', 'spec']);

export type CiParseResult =
  | { readonly kind: 'ok'; readonly config: CiConfig }
  | { readonly kind: 'invalid'; readonly problems: readonly string[] };

/** Reads the subset of `.gitlab-ci.yml` that the simulator runs; every problem is reported, at once. */
export function parseCiYaml(text: string): CiParseResult {
  const document = parseDocument(text, { prettyErrors: false });
  if (document.errors.length > 0) {
    return { kind: 'invalid', problems: document.errors.map((error) => error.message) };
  }
  const reader = new CiReader();
  const root = reader.record('', document.toJS({ maxAliasCount: 100 }));
  const stages = [
    '.pre',
    ...(reader.texts('stages', root['stages']) ?? ['build', 'test', 'deploy']),
    '.post',
  ];
  const defaults = readDefaults(reader, root['default']);
  const jobs: JobSpec[] = [];
  for (const [name, value] of Object.entries(root)) {
    if (globalKeys.has(name)) continue;
    if (unsupportedKeys.has(name)) reader.problem(name, 'is not supported by the simulator');
    else jobs.push(...readJob(reader, { name, value, defaults, stages }));
  }
  const variables = readVariables(reader, 'variables', root['variables']);
  if (jobs.length === 0) reader.problem('jobs', 'config should contain at least one visible job');
  if (reader.problems.length > 0) return { kind: 'invalid', problems: reader.problems };
  return { kind: 'ok', config: { stages, variables, jobs } };
}

function readDefaults(reader: CiReader, value: unknown): Readonly<Record<string, unknown>> {
  if (value === undefined) return {};
  const record = reader.record('default', value);
  reader.onlyKeys('default', record, defaultKeys);
  return record;
}

function readJob(
  reader: CiReader,
  job: {
    name: string;
    value: unknown;
    defaults: Readonly<Record<string, unknown>>;
    stages: readonly string[];
  },
): JobSpec[] {
  const at = `jobs:${job.name}`;
  const own = reader.record(at, job.value);
  reader.onlyKeys(at, own, jobKeys);
  const record = { ...job.defaults, ...own };
  const script = reader.script(`${at}:script`, record['script']);
  if (script === undefined) reader.problem(at, 'config should implement a script');
  const stage = reader.text(`${at}:stage`, record['stage']) ?? 'test';
  if (!job.stages.includes(stage)) {
    reader.problem(at, `chosen stage ${stage} does not exist; available stages are ${job.stages.join(', ')}`);
  }
  const when = reader.when(`${at}:when`, record['when']);
  const spec: JobSpec = {
    name: job.name,
    stage,
    script: [...(reader.script(`${at}:before_script`, record['before_script']) ?? []), ...(script ?? [])],
    afterScript: reader.script(`${at}:after_script`, record['after_script']) ?? [],
    tags: reader.texts(`${at}:tags`, record['tags']) ?? [],
    retry: reader.retry(`${at}:retry`, record['retry']),
    variables: readVariables(reader, `${at}:variables`, record['variables']),
    // A manual job does not hold up the pipeline unless it says so.
    allowFailure: reader.flag(`${at}:allow_failure`, record['allow_failure']) ?? when === 'manual',
    timeoutMs: readTimeout(reader, `${at}:timeout`, record['timeout']),
    when,
  };
  return spread(spec, reader.count(`${at}:parallel`, record['parallel'], { min: 1, max: 200 }));
}

/** `parallel: N` gives the jobs `name 1/N` … `name N/N`, which know their place. */
function spread(spec: JobSpec, total: number | undefined): JobSpec[] {
  if (total === undefined) return [spec];
  return Array.from({ length: total }, (_, index) => ({
    ...spec,
    name: `${spec.name} ${index + 1}/${total}`,
    variables: [
      ...spec.variables,
      { key: 'CI_NODE_INDEX', value: String(index + 1) },
      { key: 'CI_NODE_TOTAL', value: String(total) },
    ],
  }));
}

function readVariables(reader: CiReader, at: string, value: unknown): CiVariable[] {
  if (value === undefined) return [];
  return Object.entries(reader.record(at, value)).flatMap(([key, one]) => {
    if (['string', 'number', 'boolean'].includes(typeof one)) return [{ key, value: String(one) }];
    reader.problem(`${at}:${key}`, 'should be a string or a number');
    return [];
  });
}

function readTimeout(reader: CiReader, at: string, value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const text = reader.text(at, typeof value === 'number' ? `${value} s` : value);
  const timeoutMs = text === undefined ? undefined : parseCiDuration(text);
  if (timeoutMs === undefined) reader.problem(at, 'should be a duration such as "1h 30m"');
  return timeoutMs;
}
