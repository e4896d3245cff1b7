import type { ConfigProblem, Environment } from './problem.ts';

/** What a setting means nothing without: its own kind of engine. */
const onlyWith: readonly {
  readonly setting: string;
  readonly kind: string;
  readonly values: readonly string[];
}[] = [
  ...['_ENDPOINT', '_REGION', '_PREFIX'].map((end) => only('GOSLING_STORE', end, ['dynamodb', 'ydb'])),
  ...['_URL', '_DLQ_URL', '_ENDPOINT', '_REGION', '_PROTOCOL'].map((end) =>
    only('GOSLING_QUEUE', end, ['sqs', 'ymq']),
  ),
  ...['_ENDPOINT', '_REGION'].map((end) => only('GOSLING_BLOBS', end, ['s3://'])),
  only('GOSLING_SECRETS', '_ENDPOINT', ['aws-sm', 'vault']),
  only('GOSLING_SECRETS', '_REGION', ['aws-sm']),
  only('GOSLING_SECRETS', '_FOLDER', ['yc-lockbox']),
  ...['_MOUNT', '_NAMESPACE'].map((end) => only('GOSLING_SECRETS', end, ['vault'])),
];

/** Limits in a bucket are read as blobs are. */
const alsoFor: Readonly<Record<string, readonly string[]>> = { GOSLING_BLOBS: ['GOSLING_LIMITS'] };

/** What the design has and this release has not: refused, so that nobody relies on it. */
const notYet: readonly { readonly name: string; readonly value?: string; readonly message: string }[] = [
  {
    name: 'GOSLING_SECRETS',
    value: 'yc-lockbox',
    message: 'this release does not read Lockbox; use local, aws-sm or vault',
  },
];

const awsRegions = ['AWS_REGION', 'AWS_DEFAULT_REGION'];

/** The region of an engine: its own, else the cloud's own variables. */
export function regionFor(engine: string, given: Environment): string | undefined {
  const names = [`${engine}_REGION`, ...awsRegions];
  return names.map((name) => given[name]).find((value) => value !== undefined && value !== '');
}

/** Settings of engines that do not go together, miss something, or are not there yet. */
export function engineProblems(given: Environment): ConfigProblem[] {
  return [
    ...onlyWith.flatMap(({ setting, kind, values }) => {
      const isUsed = [kind, ...(alsoFor[kind] ?? [])].some((name) =>
        values.some((value) => given[name]?.startsWith(value) === true),
      );
      if (given[setting] === undefined || isUsed) return [];
      return [{ name: setting, message: `has no effect unless ${kind} is ${values.join(' or ')}` }];
    }),
    ...notYet.flatMap(({ name, value, message }) => {
      const isSet = given[name] !== undefined && (value === undefined || given[name] === value);
      return isSet ? [{ name, message }] : [];
    }),
    ...missing(given),
  ];
}

function missing(given: Environment): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const store = given['GOSLING_STORE'] ?? 'sqlite';
  const queue = given['GOSLING_QUEUE'] ?? 'sqlite';
  const isAway = queue === 'sqs' || queue === 'ymq';
  if ((store === 'dynamodb' || store === 'ydb') && queue === 'sqlite') {
    const message = `is the queue of an SQLite store; with GOSLING_STORE=${store} set sqs or ymq`;
    problems.push({ name: 'GOSLING_QUEUE', message });
  }
  if (isAway && given['GOSLING_QUEUE_URL'] === undefined) {
    problems.push({ name: 'GOSLING_QUEUE_URL', message: 'the address of the queue is needed' });
  }
  if (store === 'ydb' && given['GOSLING_STORE_ENDPOINT'] === undefined) {
    problems.push({
      name: 'GOSLING_STORE_ENDPOINT',
      message: "the database's Document API endpoint is needed",
    });
  }
  return [...problems, ...missingRegions(given)];
}

function missingRegions(given: Environment): ConfigProblem[] {
  const away: Readonly<Record<string, RegExp>> = {
    GOSLING_STORE: /^(dynamodb|ydb)$/,
    GOSLING_QUEUE: /^(sqs|ymq)$/,
    GOSLING_BLOBS: /^s3:/,
  };
  return Object.entries(away).flatMap(([engine, form]) => {
    const isKnown = regionFor(engine, given) !== undefined || given[`${engine}_ENDPOINT`] !== undefined;
    if (isKnown || !form.test(given[engine] ?? '')) return [];
    return [{ name: `${engine}_REGION`, message: 'a region is needed (or AWS_REGION)' }];
  });
}

function only(kind: string, end: string, values: readonly string[]) {
  return { setting: `${kind}${end}`, kind, values };
}
