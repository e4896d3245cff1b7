export interface ConfigVariable {
  readonly name: string;
  /** One line, for `gosling doctor`. */
  readonly description: string;
  readonly default?: string;
  /** Its value is a secret: never shown. */
  readonly isSecret?: true;
  /** Read by the CLI or the agent, not by the services. */
  readonly isElsewhere?: true;
}

const elsewhere = { isElsewhere: true } as const;

/** Every `GOSLING_*` variable, for the refusal of unknown ones and for `gosling doctor`. */
export const configVariables: readonly ConfigVariable[] = [
  { name: 'GOSLING_DATA_DIR', default: './.gosling', description: 'everything an embedded instance writes' },
  { name: 'GOSLING_LISTEN', default: '127.0.0.1:8080', description: 'address and port of the API' },
  { name: 'PORT', description: 'the port alone, as platforms set it; wins over GOSLING_LISTEN' },
  { name: 'GOSLING_PUBLIC_URL', description: 'how GitLab and runners reach us; without it: poll mode' },
  { name: 'GOSLING_TLS_CERT', description: 'PEM file of the certificate' },
  { name: 'GOSLING_TLS_KEY', description: "PEM file of the certificate's key" },
  {
    name: 'GOSLING_CA_FILE',
    description: 'PEM file of the CA that agents and CLI trust for our certificate',
  },
  { name: 'GOSLING_STORE', default: 'sqlite', description: 'sqlite, dynamodb or ydb' },
  {
    name: 'GOSLING_STORE_ENDPOINT',
    description:
      "dynamodb, ydb: address of the store; ydb: its Document API's (asked with IAM tokens, see docs/clouds.md)",
  },
  { name: 'GOSLING_STORE_REGION', default: 'AWS_REGION', description: 'dynamodb, ydb: region of the store' },
  {
    name: 'GOSLING_STORE_PREFIX',
    default: 'gosling-',
    description: 'dynamodb, ydb: what names of tables begin with',
  },
  {
    name: 'GOSLING_QUEUE',
    default: 'sqlite',
    description: 'sqlite (with the store sqlite only), sqs or ymq',
  },
  { name: 'GOSLING_QUEUE_URL', description: 'sqs, ymq: address of the queue; needed' },
  {
    name: 'GOSLING_QUEUE_DLQ_URL',
    description: "sqs, ymq: address of its dead letters; else the queue's own, or one that is made",
  },
  { name: 'GOSLING_QUEUE_ENDPOINT', description: "sqs, ymq: address of the queue's service" },
  { name: 'GOSLING_QUEUE_REGION', default: 'AWS_REGION', description: 'sqs, ymq: region of the queue' },
  {
    name: 'GOSLING_QUEUE_PROTOCOL',
    default: 'json; ymq: query',
    description: 'sqs, ymq: protocol of the queue, query or json',
  },
  {
    name: 'GOSLING_BLOBS',
    default: 'blobs/ in the data directory',
    description: 'where big values lie: file:PATH or s3://bucket/prefix',
  },
  { name: 'GOSLING_BLOBS_ENDPOINT', description: 's3: address of another service than AWS' },
  { name: 'GOSLING_BLOBS_REGION', default: 'AWS_REGION', description: 's3: region of the bucket' },
  {
    name: 'GOSLING_SECRETS',
    default: 'local',
    description: 'local, aws-sm or vault; yc-lockbox is refused by this release',
  },
  {
    name: 'GOSLING_SECRETS_ENDPOINT',
    default: 'vault: VAULT_ADDR',
    description: 'aws-sm, vault: address of the secret backend',
  },
  { name: 'GOSLING_SECRETS_REGION', default: 'AWS_REGION', description: 'aws-sm: region of the secrets' },
  { name: 'GOSLING_SECRETS_FOLDER', description: "yc-lockbox: folder of Lockbox's secrets" },
  { name: 'GOSLING_SECRETS_MOUNT', default: 'secret', description: "vault: mount of Vault's secrets" },
  { name: 'GOSLING_SECRETS_NAMESPACE', default: 'VAULT_NAMESPACE', description: "vault: Vault's namespace" },
  { name: 'GOSLING_NEST_URL', description: 'Git address of the Nest' },
  { name: 'GOSLING_NEST_BRANCH', default: 'remote HEAD', description: 'branch of the Nest' },
  {
    name: 'GOSLING_NEST_GITLAB_URL',
    description: "address of the Nest's GitLab, where its Git address does not tell it",
  },
  { name: 'GOSLING_ENV', description: 'environment of the Nest that is applied' },
  { name: 'GOSLING_TOFU_BIN', description: 'path of OpenTofu; else the managed one, then `tofu` on PATH' },
  {
    name: 'GOSLING_TOFU_MIRROR',
    description:
      'https address that OpenTofu is fetched from, as ADDRESS/v1.12.6/…, in place of its own releases',
  },
  {
    name: 'GOSLING_TOFU_PROVIDER_MIRROR',
    default: 'their registries',
    description:
      "network mirror that OpenTofu's providers are fetched from; none: only what workers and Blobs hold",
  },
  { name: 'GOSLING_BIN_DIR', description: 'where managed programs are kept' },
  { name: 'GOSLING_GITLAB_RUNNER_BIN', description: 'path of gitlab-runner; else on PATH' },
  {
    name: 'GOSLING_GITLAB_RUNNER_MIRROR',
    description: 'https address agents fetch gitlab-runner from, where they have none; {os} and {arch} in it',
  },
  {
    name: 'GOSLING_GITLAB_RUNNER_SHA256',
    description: 'of what the mirror gives: linux-amd64=…,linux-arm64=…',
  },
  {
    name: 'GOSLING_LIMITS',
    description: "limits that the Nest's authors cannot change: path, s3://… or JSON (docs/limits.md)",
  },
  {
    name: 'GOSLING_CLOUDS',
    description: 'clouds that machines are made in, and what they get: path or JSON (docs/clouds.md)',
  },
  { name: 'GOSLING_UNSAFE_LOCAL', default: '0', description: '1 allows local runners that are not isolated' },
  {
    name: 'GOSLING_LOCAL_RUNNERS',
    default: 'auto',
    description: 'what local runners are: container, process, or auto (containers where Docker answers)',
  },
  {
    name: 'GOSLING_LOCAL_IMAGE',
    default: 'buildpack-deps:bookworm-scm',
    description: 'image of local runners in containers; an Egg may name its own (cloud { image })',
  },
  {
    name: 'GOSLING_LOCAL_NETWORK',
    default: 'bridge',
    description: 'network of local runners in containers: bridge, host, or one of your own',
  },
  { name: 'GOSLING_JOB_USER', description: 'system user that the jobs of local runners run as' },
  {
    name: 'GOSLING_BOOTSTRAP_TOKEN',
    description: "an agent's one-time token",
    isSecret: true,
    ...elsewhere,
  },
  { name: 'GOSLING_BOOTSTRAP_TOKEN_FILE', description: "file of an agent's one-time token", ...elsewhere },
  {
    name: 'GOSLING_UGLYFOX_GIT',
    default: '0',
    description:
      '1: UglyFox reads its policies from a checkout of its own, with `deploy-keys/uglyfox-private`; else from the store',
  },
  {
    name: 'GOSLING_INSTALLATION',
    description: "marks our hooks, machines, registrations; else from the Nest's URL",
  },
  { name: 'GOSLING_URL', description: 'address of MotherGoose for CLI and agent', ...elsewhere },
  { name: 'GOSLING_TOKEN', description: "the CLI's API token", isSecret: true, ...elsewhere },
  { name: 'GOSLING_TOKEN_FILE', description: "file of the CLI's API token", ...elsewhere },
  { name: 'GOSLING_OFFLINE', description: '1: the CLI uses no network', ...elsewhere },
  { name: 'GOSLING_LOG_LEVEL', default: 'info', description: 'error, warn, info or debug' },
  { name: 'GOSLING_LOG_FORMAT', default: 'json', description: 'json, or pretty (on a terminal)' },
];

/** What other programs set too, and every client of ours, git, OpenTofu and the agent honour. */
export const hostVariables: readonly ConfigVariable[] = [
  {
    name: 'HTTPS_PROXY',
    description: 'proxy of HTTPS',
  },
  { name: 'HTTP_PROXY', description: 'proxy of plain HTTP' },
  { name: 'NO_PROXY', description: 'hosts that are reached without a proxy' },
  {
    name: 'DOCKER_HOST',
    description: 'unix:// socket of the Docker Engine that local runners are containers of',
  },
  { name: 'NODE_EXTRA_CA_CERTS', description: 'PEM file of more authorities that TLS trusts' },
  { name: 'NO_COLOR', description: 'set: no colours' },
];
