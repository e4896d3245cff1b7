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
      store: { kind: 'sqlite' },
      secrets: { backend: 'local' },
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
    expect(configOf({ GOSLING_STORE: '', GOSLING_PUBLIC_URL: '' }).store.kind).toBe('sqlite');
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
});
