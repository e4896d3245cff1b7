import { unknownSettings } from '@polar-gosling/api-contract/settings';
import { z } from 'zod';
import { engineProblems, regionFor } from './config/engine-problems.ts';
import { readListen } from './config/listen.ts';
import type { ConfigProblem, Environment } from './config/problem.ts';
import { publicUrl } from './config/public-url.ts';
import { readRunnerMirror, runnerMirrorProblems } from './config/runner-mirror.ts';

export type { ConfigProblem, Environment } from './config/problem.ts';

/** Debian with Git, an SSH client and the authorities of the web; kept by Docker. */
const defaultLocalImage = 'buildpack-deps:bookworm-scm';
const defaultListen = '127.0.0.1:8080';
const text = z.string().min(1).optional();
const flag = z
  .enum(['0', '1'], '0 or 1')
  .optional()
  .transform((value) => value === '1');

/** One entry per variable of its own; what belongs to the CLI and the agent is known, not read. */
const Variables = z.object({
  GOSLING_DATA_DIR: z.string().min(1).default('./.gosling'),
  GOSLING_PUBLIC_URL: publicUrl.optional(),
  GOSLING_TLS_CERT: text,
  GOSLING_TLS_KEY: text,
  GOSLING_CA_FILE: text,
  GOSLING_STORE: z.enum(['sqlite', 'dynamodb', 'ydb']).default('sqlite'),
  GOSLING_STORE_ENDPOINT: text,
  GOSLING_STORE_REGION: text,
  GOSLING_STORE_PREFIX: text,
  GOSLING_QUEUE: z.enum(['sqlite', 'sqs', 'ymq']).default('sqlite'),
  GOSLING_QUEUE_URL: text,
  GOSLING_QUEUE_DLQ_URL: text,
  GOSLING_QUEUE_ENDPOINT: text,
  GOSLING_QUEUE_REGION: text,
  GOSLING_QUEUE_PROTOCOL: z.enum(['json', 'query']).optional(),
  GOSLING_BLOBS: z
    .string()
    .regex(/^(file:.|s3:\/\/[^/]+)/, 'file:PATH or s3://bucket/prefix')
    .optional(),
  GOSLING_BLOBS_ENDPOINT: text,
  GOSLING_BLOBS_REGION: text,
  GOSLING_SECRETS: z.enum(['local', 'aws-sm', 'yc-lockbox', 'vault']).default('local'),
  GOSLING_SECRETS_ENDPOINT: text,
  GOSLING_SECRETS_REGION: text,
  GOSLING_SECRETS_FOLDER: text,
  GOSLING_SECRETS_MOUNT: text,
  GOSLING_SECRETS_NAMESPACE: text,
  GOSLING_NEST_URL: text,
  GOSLING_NEST_BRANCH: text,
  GOSLING_NEST_GITLAB_URL: publicUrl.optional(),
  GOSLING_ENV: text,
  GOSLING_TOFU_BIN: text,
  GOSLING_TOFU_MIRROR: z
    .string()
    .regex(/^https:\/\/[^\s@/?#]+(\/[^\s?#]*)?$/, 'an https:// address')
    .optional(),
  GOSLING_TOFU_PROVIDER_MIRROR: z
    .string()
    .regex(/^(none|https:\/\/[^\s@/?#]+(\/[^\s?#]*)?)$/, 'an https:// address, or none')
    .optional(),
  GOSLING_BIN_DIR: text,
  GOSLING_GITLAB_RUNNER_BIN: text,
  GOSLING_GITLAB_RUNNER_MIRROR: text,
  GOSLING_GITLAB_RUNNER_SHA256: text,
  GOSLING_LIMITS: text,
  GOSLING_CLOUDS: text,
  GOSLING_UNSAFE_LOCAL: flag,
  GOSLING_LOCAL_RUNNERS: z.enum(['auto', 'container', 'process']).default('auto'),
  GOSLING_LOCAL_IMAGE: z
    .string()
    .regex(/^[a-z0-9][\w.:/@-]{0,254}$/, 'the name of an image, such as registry.example.com/ci:1')
    .default(defaultLocalImage),
  GOSLING_LOCAL_NETWORK: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]{0,62}$/, 'bridge, host, or the name of a network of Docker')
    .default('bridge'),
  GOSLING_JOB_USER: text,
  GOSLING_UGLYFOX_GIT: flag,
  GOSLING_INSTALLATION: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/, 'at most 40 of a-z, 0-9 and -')
    .optional(),
  GOSLING_LOG_LEVEL: z.enum(['error', 'warn', 'info', 'debug']).default('info'),
  GOSLING_LOG_FORMAT: z.enum(['json', 'pretty']).optional(),
});
type Variables = z.infer<typeof Variables>;

export type MothergooseConfig = Readonly<ReturnType<typeof configOf>>;

export type ConfigReading =
  | { readonly kind: 'ok'; readonly config: MothergooseConfig }
  | { readonly kind: 'wrong'; readonly problems: readonly ConfigProblem[] };

/** Pure: every problem at once, every default filled, frozen. An empty variable counts as absent. */
export function readConfig(env: Environment): ConfigReading {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const listen = readListen(given['GOSLING_LISTEN'] ?? defaultListen, given['PORT']);
  const parsed = Variables.safeParse(given);
  const problems = [
    ...unknownSettings(given),
    ...listen.problems,
    ...(parsed.success ? crossProblems(parsed.data, listen.isLoopback) : schemaProblems(parsed.error)),
    ...engineProblems(given),
    ...runnerMirrorProblems(given),
  ];
  if (!parsed.success || problems.length > 0) return { kind: 'wrong', problems };
  return { kind: 'ok', config: freeze(configOf(parsed.data, { ...listen, given })) };
}

function schemaProblems(error: z.ZodError): ConfigProblem[] {
  return error.issues.map(({ path, message }) => ({ name: path.join('.'), message }));
}

function crossProblems(variables: Variables, isLoopback: boolean): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const { GOSLING_TLS_CERT: cert, GOSLING_TLS_KEY: key } = variables;
  if ((cert === undefined) !== (key === undefined)) {
    const name = cert === undefined ? 'GOSLING_TLS_CERT' : 'GOSLING_TLS_KEY';
    problems.push({ name, message: 'certificate and key belong together; set both or none' });
  }
  if (!isLoopback && cert === undefined) {
    problems.push({
      name: 'GOSLING_LISTEN',
      message:
        'plain HTTP is only served on loopback; set GOSLING_TLS_CERT and GOSLING_TLS_KEY, or listen on 127.0.0.1',
    });
  }
  return problems;
}

function configOf(
  v: Variables,
  { host, port, isLoopback, given }: ReturnType<typeof readListen> & { given: Environment },
) {
  return {
    dataDir: v.GOSLING_DATA_DIR,
    listen: { host, port, isLoopback },
    publicUrl: v.GOSLING_PUBLIC_URL,
    tls: tlsOf(v),
    caFile: v.GOSLING_CA_FILE,
    engines: {
      store: {
        kind: v.GOSLING_STORE,
        endpoint: v.GOSLING_STORE_ENDPOINT,
        region: regionFor('GOSLING_STORE', given),
        prefix: v.GOSLING_STORE_PREFIX,
      },
      queue: {
        kind: v.GOSLING_QUEUE,
        url: v.GOSLING_QUEUE_URL,
        dlqUrl: v.GOSLING_QUEUE_DLQ_URL,
        endpoint: v.GOSLING_QUEUE_ENDPOINT,
        region: regionFor('GOSLING_QUEUE', given),
        protocol: v.GOSLING_QUEUE_PROTOCOL,
      },
      blobs: {
        place: v.GOSLING_BLOBS,
        endpoint: v.GOSLING_BLOBS_ENDPOINT,
        region: regionFor('GOSLING_BLOBS', given),
      },
      secrets: {
        backend: v.GOSLING_SECRETS,
        endpoint: v.GOSLING_SECRETS_ENDPOINT,
        region: regionFor('GOSLING_SECRETS', given),
        folder: v.GOSLING_SECRETS_FOLDER,
        mount: v.GOSLING_SECRETS_MOUNT,
        namespace: v.GOSLING_SECRETS_NAMESPACE,
      },
    },
    nest: { url: v.GOSLING_NEST_URL, branch: v.GOSLING_NEST_BRANCH, gitlabUrl: v.GOSLING_NEST_GITLAB_URL },
    environment: v.GOSLING_ENV,
    tofu: {
      bin: v.GOSLING_TOFU_BIN,
      mirror: v.GOSLING_TOFU_MIRROR,
      providerMirror: v.GOSLING_TOFU_PROVIDER_MIRROR,
    },
    binDir: v.GOSLING_BIN_DIR,
    gitlabRunner: { bin: v.GOSLING_GITLAB_RUNNER_BIN, mirror: readRunnerMirror(given) },
    limits: v.GOSLING_LIMITS,
    clouds: v.GOSLING_CLOUDS,
    isLocalUnsafe: v.GOSLING_UNSAFE_LOCAL,
    localRunners: {
      kind: v.GOSLING_LOCAL_RUNNERS,
      image: v.GOSLING_LOCAL_IMAGE,
      network: v.GOSLING_LOCAL_NETWORK,
    },
    jobUser: v.GOSLING_JOB_USER,
    hasOwnPolicies: v.GOSLING_UGLYFOX_GIT,
    installation: v.GOSLING_INSTALLATION,
    log: { level: v.GOSLING_LOG_LEVEL, format: v.GOSLING_LOG_FORMAT },
  };
}

function tlsOf(v: Variables): { certFile: string; keyFile: string } | undefined {
  if (v.GOSLING_TLS_CERT === undefined || v.GOSLING_TLS_KEY === undefined) return undefined;
  return { certFile: v.GOSLING_TLS_CERT, keyFile: v.GOSLING_TLS_KEY };
}

function freeze<Value extends object>(value: Value): Value {
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) freeze(inner);
  return Object.freeze(value);
}
