export interface KnownVariable {
  readonly name: string;
  readonly meaning: string;
  /** Stands for every name that begins with it and `_`. */
  readonly isPrefix?: boolean;
  /** Its value is a secret: never shown. */
  readonly isSecret?: boolean;
}

/** Every `GOSLING_*` name, for the refusal of unknown ones and for `gosling doctor`. */
export const knownVariables: readonly KnownVariable[] = [
  { name: 'GOSLING_DATA_DIR', meaning: 'everything an embedded instance writes (default ./.gosling)' },
  { name: 'GOSLING_LISTEN', meaning: 'address and port of the API (default 127.0.0.1:8080)' },
  { name: 'GOSLING_PUBLIC_URL', meaning: 'how GitLab and runners reach us; without it: poll mode' },
  { name: 'GOSLING_TLS_CERT', meaning: 'certificate of the API (PEM file)' },
  { name: 'GOSLING_TLS_KEY', meaning: 'key of the certificate (PEM file)' },
  { name: 'GOSLING_CA_FILE', meaning: 'CA of the API certificate, for agents and the CLI' },
  { name: 'GOSLING_STORE', meaning: 'sqlite, dynamodb or ydb (default sqlite)' },
  { name: 'GOSLING_STORE', meaning: 'settings of the store', isPrefix: true },
  { name: 'GOSLING_QUEUE', meaning: 'sqlite, sqs or ymq (default sqlite)' },
  { name: 'GOSLING_QUEUE', meaning: 'settings of the queue', isPrefix: true },
  { name: 'GOSLING_BLOBS', meaning: 'where big things are kept: file:PATH or s3://bucket/prefix' },
  { name: 'GOSLING_BLOBS', meaning: 'settings of the blobs', isPrefix: true },
  {
    name: 'GOSLING_SECRETS',
    meaning: 'backend of secrets: local, aws-sm, yc-lockbox or vault (default local)',
  },
  { name: 'GOSLING_SECRETS', meaning: 'settings of the secret backend', isPrefix: true },
  { name: 'GOSLING_NEST_URL', meaning: 'the Nest: Git address of the repository' },
  { name: 'GOSLING_NEST_BRANCH', meaning: 'its branch (default: HEAD of the remote)' },
  {
    name: 'GOSLING_NEST_GITLAB_URL',
    meaning: "address of the Nest's GitLab, where its Git address does not tell it",
  },
  { name: 'GOSLING_ENV', meaning: 'the environment of Envs/ that the sync applies' },
  { name: 'GOSLING_TOFU_BIN', meaning: 'the OpenTofu program to use' },
  { name: 'GOSLING_TOFU_MIRROR', meaning: 'where OpenTofu is fetched from' },
  { name: 'GOSLING_BIN_DIR', meaning: 'where managed programs are kept' },
  { name: 'GOSLING_GITLAB_RUNNER_BIN', meaning: 'the gitlab-runner program to use' },
  { name: 'GOSLING_GITLAB_RUNNER_MIRROR', meaning: 'where gitlab-runner is fetched from' },
  { name: 'GOSLING_LIMITS', meaning: "limits that the Nest's authors cannot change: path, s3:// or JSON" },
  { name: 'GOSLING_UNSAFE_LOCAL', meaning: '1: local runners may serve a real GitLab without isolation' },
  { name: 'GOSLING_BOOTSTRAP_TOKEN', meaning: "the agent's one-time token", isSecret: true },
  { name: 'GOSLING_BOOTSTRAP_TOKEN_FILE', meaning: 'a file with that token; removed once read' },
  { name: 'GOSLING_JOB_USER', meaning: 'the system user that jobs of a local runner run as' },
  { name: 'GOSLING_UGLYFOX_GIT', meaning: '1: UglyFox reads the Nest by itself' },
  { name: 'GOSLING_INSTALLATION', meaning: 'marks our hooks, machines and registrations' },
  { name: 'GOSLING_URL', meaning: 'address of MotherGoose, for the CLI and the agent' },
  { name: 'GOSLING_TOKEN', meaning: "the CLI's API token", isSecret: true },
  { name: 'GOSLING_TOKEN_FILE', meaning: 'a file with that token' },
  { name: 'GOSLING_OFFLINE', meaning: '1: use no network, like --offline' },
  { name: 'GOSLING_LOG_LEVEL', meaning: 'error, warn, info or debug (default info)' },
  { name: 'GOSLING_LOG_FORMAT', meaning: 'json or pretty (default pretty on a terminal)' },
];
