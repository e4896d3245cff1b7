import { configVariables } from '@polar-gosling/api-contract/settings';
import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Environment, type MothergooseConfig, readConfig } from './config.ts';

function configOf(env: Environment): MothergooseConfig {
  const reading = readConfig(env);
  expect(reading).toMatchObject({ kind: 'ok' });
  return reading.kind === 'ok' ? reading.config : configOf({});
}

function problemsOf(env: Environment): readonly string[] {
  const reading = readConfig(env);
  return reading.kind === 'wrong' ? reading.problems.map(({ name, message }) => `${name}: ${message}`) : [];
}

describe('the configuration', () => {
  it('needs nothing: an embedded instance on loopback', () => {
    const config = configOf({ PATH: '/bin', POLAR_TEST: '1' });

    expect(config).toMatchObject({
      dataDir: './.gosling',
      listen: { host: '127.0.0.1', port: 8080, isLoopback: true },
      publicUrl: undefined,
      engines: { store: { kind: 'sqlite' }, secrets: { backend: 'local' } },
      isLocalUnsafe: false,
      log: { level: 'info' },
    });
  });

  it('tells every problem at once, without the values', () => {
    const problems = problemsOf({
      GOSLING_LISTN: 'secret-1',
      GOSLING_STORE: 'secret-2',
      GOSLING_PUBLIC_URL: 'http://secret-3.example.com',
      GOSLING_UNSAFE_LOCAL: 'secret-4',
      GOSLING_LISTEN: 'secret-5',
    });

    expect(problems).toHaveLength(5);
    expect(problems[0]).toBe('GOSLING_LISTN: no such setting; did you mean GOSLING_LISTEN?');
    expect(problems.join()).not.toContain('secret-');
  });

  it('is frozen to its leaves', () => {
    const config = configOf({});

    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.listen)).toBe(true);
  });

  it.each([
    ['[::1]:9', { host: '::1', port: 9, isLoopback: true }],
    ['localhost:0', { host: 'localhost', port: 0, isLoopback: true }],
  ])('listens on %s', (listen, expected) => {
    expect(configOf({ GOSLING_LISTEN: listen }).listen).toMatchObject(expected);
  });

  it('lets PORT win over the port of GOSLING_LISTEN', () => {
    expect(configOf({ PORT: '3000' }).listen).toMatchObject({ host: '127.0.0.1', port: 3000 });
  });

  it.each([
    ['8080', undefined, 'GOSLING_LISTEN'],
    ['127.0.0.1:99999', undefined, 'GOSLING_LISTEN'],
    ['127.0.0.1:1', 'x', 'PORT'],
  ])('refuses the address %s with port %s', (listen, port, name) => {
    expect(problemsOf({ GOSLING_LISTEN: listen, PORT: port }).join()).toContain(name);
  });

  it('refuses plain HTTP on anything but loopback', () => {
    expect(problemsOf({ GOSLING_LISTEN: '0.0.0.0:80' }).join()).toContain('plain HTTP');
    expect(
      configOf({ GOSLING_LISTEN: '0.0.0.0:443', GOSLING_TLS_CERT: 'c', GOSLING_TLS_KEY: 'k' }).tls,
    ).toEqual({ certFile: 'c', keyFile: 'k' });
  });

  it('refuses a certificate without its key', () => {
    expect(problemsOf({ GOSLING_TLS_CERT: 'c' }).join()).toContain('GOSLING_TLS_KEY');
  });

  it.each([
    ['https://gosling.example.com/', 'https://gosling.example.com'],
    ['https://example.com/gosling/', 'https://example.com/gosling'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
  ])('takes %s as %s', (given, expected) => {
    expect(configOf({ GOSLING_PUBLIC_URL: given }).publicUrl).toBe(expected);
  });

  it.each(['ftp://x', 'x', 'https://u:p@x', 'https://x/?a', 'https://x/#a', 'http://10.0.0.1'])(
    'refuses the public address %s',
    (given) => {
      expect(problemsOf({ GOSLING_PUBLIC_URL: given })).toHaveLength(1);
    },
  );

  it("takes the address of the Nest's GitLab by the same rules", () => {
    const given = { GOSLING_NEST_GITLAB_URL: 'https://gitlab.example.com:8443/' };

    expect(configOf(given).nest.gitlabUrl).toBe('https://gitlab.example.com:8443');
    expect(problemsOf({ GOSLING_NEST_GITLAB_URL: 'http://10.0.0.1' })).toHaveLength(1);
  });

  it('counts an empty variable as absent', () => {
    expect(configOf({ GOSLING_STORE: '', GOSLING_PUBLIC_URL: '' }).engines.store.kind).toBe('sqlite');
  });

  it('knows the variables of CLI and agent', () => {
    const env = Object.fromEntries(
      configVariables.filter(({ isElsewhere }) => isElsewhere).map(({ name }) => [name, 'x']),
    );

    expect(readConfig(env).kind).toBe('ok');
  });

  it('never throws, whatever the environment holds', () => {
    const name = fc.constantFrom(...configVariables.map((variable) => variable.name), 'GOSLING_X');
    fc.assert(
      fc.property(fc.dictionary(name, fc.string()), (env) => {
        expect(['ok', 'wrong']).toContain(readConfig(env).kind);
      }),
      { numRuns: runs(300) },
    );
  });

  const away = {
    GOSLING_STORE: 'dynamodb',
    GOSLING_QUEUE: 'sqs',
    GOSLING_QUEUE_URL: 'https://sqs.example.com/1/work',
    GOSLING_BLOBS: 's3://bucket/some/prefix',
    GOSLING_SECRETS: 'aws-sm',
    AWS_REGION: 'eu-central-1',
  };

  it("takes the region from the cloud's own variable, unless an engine has one of its own", () => {
    const { engines } = configOf({ ...away, GOSLING_BLOBS_REGION: 'eu-west-1' });

    expect(engines).toMatchObject({
      store: { kind: 'dynamodb', region: 'eu-central-1' },
      queue: { kind: 'sqs', region: 'eu-central-1' },
      blobs: { place: 's3://bucket/some/prefix', region: 'eu-west-1' },
      secrets: { backend: 'aws-sm', region: 'eu-central-1' },
    });
  });

  it('says what engines miss, all at once', () => {
    const problems = problemsOf({ ...away, AWS_REGION: '', GOSLING_QUEUE_URL: '' });

    expect(problems.map((problem) => problem.split(':')[0])).toEqual([
      'GOSLING_QUEUE_URL',
      'GOSLING_STORE_REGION',
      'GOSLING_QUEUE_REGION',
      'GOSLING_BLOBS_REGION',
    ]);
    expect(problemsOf({ ...away, GOSLING_QUEUE: '', GOSLING_QUEUE_URL: '' }).join()).toContain(
      'is the queue of an SQLite store',
    );
    expect(problemsOf({ ...away, GOSLING_STORE: 'ydb' }).join()).toContain('GOSLING_STORE_ENDPOINT');
  });

  it.each([
    ['GOSLING_STORE_PREFIX', {}],
    ['GOSLING_QUEUE_URL', { GOSLING_QUEUE: 'sqlite' }],
    ['GOSLING_BLOBS_ENDPOINT', { GOSLING_BLOBS: 'file:/srv/blobs' }],
    ['GOSLING_SECRETS_REGION', { GOSLING_SECRETS: 'vault' }],
    ['GOSLING_SECRETS_MOUNT', { GOSLING_SECRETS: 'aws-sm' }],
  ])('refuses %s where it would have no effect', (name, env) => {
    expect(problemsOf({ ...env, [name]: 'x' }).join()).toContain(`${name}: has no effect unless`);
  });

  it.each([['GOSLING_SECRETS', 'yc-lockbox']])(
    'refuses %s=%s, which this release does not have, instead of ignoring it',
    (name, value) => {
      expect(problemsOf({ [name]: value }).some((problem) => problem.startsWith(`${name}: `))).toBe(true);
    },
  );

  it('takes a mirror of gitlab-runner over https only, with the SHA-256 of each platform', () => {
    const mirror = 'https://mirror.example.com/v19/gitlab-runner-{os}-{arch}';
    const sum = 'a'.repeat(64);
    const given = (url: string, sha256?: string) => ({
      GOSLING_GITLAB_RUNNER_MIRROR: url,
      ...(sha256 === undefined ? {} : { GOSLING_GITLAB_RUNNER_SHA256: sha256 }),
    });
    const reading = readConfig(given(mirror, `linux-amd64=${sum}, linux-arm64=${sum}`));

    expect(reading).toMatchObject({
      config: {
        gitlabRunner: { mirror: { url: mirror, sha256: { 'linux-amd64': sum, 'linux-arm64': sum } } },
      },
    });
    expect(problemsOf(given(mirror)).join()).toContain('nothing is fetched unchecked');
    for (const wrong of [sum, `linux-amd64=${sum.slice(1)}`, `plan9-amd64=${sum}`]) {
      expect(problemsOf(given(mirror, wrong)).join()).toContain('GOSLING_GITLAB_RUNNER_SHA256: 64 digits');
    }
    for (const wrong of ['http://mirror.example.com/x', 'https://me:pw@mirror.example.com/x', 'x']) {
      expect(problemsOf(given(wrong, `linux-amd64=${sum}`)).join()).toContain(
        'GOSLING_GITLAB_RUNNER_MIRROR: ',
      );
    }
    expect(problemsOf({ GOSLING_GITLAB_RUNNER_SHA256: `linux-amd64=${sum}` }).join()).toContain('no effect');
  });

  it('takes an https mirror of providers, or none at all', () => {
    const mirrorOf = (value: string) => readConfig({ GOSLING_TOFU_PROVIDER_MIRROR: value });

    for (const good of ['none', 'https://mirror.example.com/providers/']) {
      expect(mirrorOf(good)).toMatchObject({ config: { tofu: { providerMirror: good } } });
    }
    for (const wrong of ['http://mirror.example.com/', 'mirror.example.com', 'NONE', '/srv/providers']) {
      expect(problemsOf({ GOSLING_TOFU_PROVIDER_MIRROR: wrong }).join()).toContain(
        'GOSLING_TOFU_PROVIDER_MIRROR: an https:// address, or none',
      );
    }
  });

  it('takes an https mirror of OpenTofu', () => {
    const mirror = 'https://mirror.example.com/opentofu';

    expect(readConfig({ GOSLING_TOFU_MIRROR: mirror })).toMatchObject({ config: { tofu: { mirror } } });
    for (const wrong of ['http://mirror.example.com', 'https://me:pw@mirror.example.com/', '/srv/tofu']) {
      expect(problemsOf({ GOSLING_TOFU_MIRROR: wrong }).join()).toContain('GOSLING_TOFU_MIRROR: an https://');
    }
  });

  it('has an entry in the table for every variable it reads, and reads every entry', () => {
    const known = configVariables.filter(({ isElsewhere }) => isElsewhere !== true).map(({ name }) => name);
    const wrong = Object.fromEntries(known.map((name) => [name, ' ']));

    const told = new Set(problemsOf(wrong).map((problem) => problem.split(':')[0]));

    const free = known.filter((name) => !told.has(name));
    expect(problemsOf(wrong).some((problem) => problem.includes('no such setting'))).toBe(false);
    // Those whose value may be any text.
    expect(free).toEqual([
      'GOSLING_DATA_DIR',
      'GOSLING_TLS_CERT',
      'GOSLING_TLS_KEY',
      'GOSLING_CA_FILE',
      'GOSLING_NEST_URL',
      'GOSLING_NEST_BRANCH',
      'GOSLING_ENV',
      'GOSLING_TOFU_BIN',
      'GOSLING_BIN_DIR',
      'GOSLING_GITLAB_RUNNER_BIN',
      'GOSLING_LIMITS',
      'GOSLING_CLOUDS',
      'GOSLING_JOB_USER',
    ]);
  });
});
