import type { Tool, ToolVersion } from '@polar-gosling/api-contract';
import { describe, it, type TestContext } from 'vitest';
import { runAtTerminal, runCli } from '../../testing/cli.ts';
import { startFakeApi } from '../../testing/fake-api.ts';

const platform = 'linux_amd64';

function aVersion(version: string, over: Partial<ToolVersion> = {}): ToolVersion {
  return { version, platform, source: 'github', active: false, state: 'installed', ...over };
}

function aTool(versions: readonly ToolVersion[], over: Partial<Tool> = {}): Tool {
  return { kind: 'tofu', platform, versions: [...versions], ...over };
}

/** MotherGoose's answers to one list after the other; the last of them stays. */
async function anApi({ onTestFinished }: TestContext, ...lists: readonly object[]) {
  const api = await startFakeApi({
    'GET /tools': (times) => lists[Math.min(times, lists.length - 1)] ?? {},
    'POST /tools/tofu': { status: 'accepted' },
    'POST /tools/gosling': { status: 'accepted' },
  });
  onTestFinished(api.close);
  const env = { GOSLING_URL: api.url, GOSLING_TOKEN: 'an-admin-token-of-the-api' };
  return {
    asked: () => api.requests.map(({ line, body }) => (body === undefined ? line : [line, body])),
    run: (...args: string[]) => runCli(['tofu', ...args], { env }),
    env,
  };
}

describe.concurrent('gosling tofu versions', { timeout: 90_000 }, () => {
  const running = { version: '1.12.6', source: 'managed', product: 'opentofu' };
  const failed = { code: 'BINARY_CHECKSUM', detail: 'its checksum is another one' };
  const managed = [
    aVersion('1.12.6', { active: true, proved_by: 'signature', sha256: '0123456789ab'.padEnd(64, 'f') }),
    aVersion('1.12.5'),
    aVersion('9.9.9', { state: 'failed', problem: failed }),
  ];

  it('shows what is run, what is here, in use or failed, and why', async (test) => {
    const { run, asked } = await anApi(test, { items: [aTool(managed, { running })] });

    const { code, stdout, stderr } = await run('versions');

    test.expect(code).toBe(0);
    test.expect(stderr).toContain('running: opentofu 1.12.6 (managed) on linux_amd64');
    const [header, ...rows] = stdout.trimEnd().split('\n');
    test.expect(header).toMatch(/^VERSION +PLATFORM +SHA-256 +STATE +PROVED BY +FETCHED +PROBLEM/);
    test
      .expect(rows)
      .toEqual([
        test.expect.stringMatching(/^1\.12\.6 +linux_amd64 +0123456789ab +in use +signature/),
        test.expect.stringMatching(/^1\.12\.5 +linux_amd64 +installed/),
        test.expect.stringMatching(/^9\.9\.9 +linux_amd64 +failed +its checksum is another one/),
      ]);
    test.expect(asked()).toEqual(['GET /tools']);
  });

  it('asks the source what could be had, and lists that too', async (test) => {
    const tool = aTool([], { kind: 'gosling' });
    const { run, asked } = await anApi(test, { items: [tool], available: ['1.13.0', '1.12.6'] });
    const args = ['--of', 'gosling', '--available', '--repository', 'team/gosling'];

    const plain = await run('versions', ...args);
    const json = await run('versions', ...args, '--json');

    test.expect(plain.stdout).toBe('1.13.0\n1.12.6\n');
    test.expect(plain.stderr).toContain('no version is managed yet: gosling tofu install VERSION');
    test.expect(JSON.parse(json.stdout)).toEqual({ ...tool, available: ['1.13.0', '1.12.6'] });
    const line = 'GET /tools?available=gosling&repository=team%2Fgosling';
    test.expect(asked()).toEqual([line, line]);
  });
});

describe.concurrent('gosling tofu install', { timeout: 90_000 }, () => {
  it('waits until a worker has it, and says how it was proved', async (test) => {
    const wanted = { items: [aTool([aVersion('1.12.6', { state: 'wanted' })])] };
    const here = { items: [aTool([aVersion('1.12.6', { proved_by: 'signature' })])] };
    const { run, asked } = await anApi(test, wanted, here);

    const { code, stderr } = await run('install', '1.12.6');

    test.expect(code).toBe(0);
    test.expect(stderr).toContain('fetching tofu 1.12.6');
    test.expect(stderr).toContain('tofu 1.12.6 for linux_amd64 is here; its signature is right');
    test.expect(stderr).toContain('use it: gosling tofu use 1.12.6');
    const body = { action: 'install', version: '1.12.6', source: { kind: 'github' }, use: false };
    test.expect(asked()).toEqual([['POST /tools/tofu', body], 'GET /tools', 'GET /tools']);
  });

  it('names the build that came last, where the version is here in several', async (test) => {
    const [before, after] = ['a', 'b'].map((digit, hour) =>
      aVersion('1.12.6', {
        ...{ sha256: digit.repeat(64), downloaded_at: `2026-01-01T0${hour}:00:00.000Z` },
        active: digit === 'a',
      }),
    );
    const { run } = await anApi(test, { items: [aTool([before, after].flatMap((row) => row ?? []))] });

    const { stderr } = await run('install', '1.12.6');

    test.expect(stderr).toContain(`use it: gosling tofu use 1.12.6 --sha256 ${'b'.repeat(12)}`);
  });

  it('fails with what the worker found, and keeps a script from going on', async (test) => {
    const problem = { code: 'BINARY_SIGNATURE', detail: 'the sums were not signed by its makers' };
    const { run } = await anApi(test, { items: [aTool([aVersion('1.12.6', { state: 'failed', problem })])] });

    const { code, stdout, stderr } = await run('install', '1.12.6', '--use');

    test.expect([code, stdout]).toEqual([3, '']);
    test.expect(stderr).toContain('tofu 1.12.6: the sums were not signed by its makers');
    test.expect(stderr).toContain('code BINARY_SIGNATURE');
    test.expect(stderr).not.toContain('is here');
  });

  it('follows its own request, whatever was asked for from elsewhere', async (test) => {
    const wanted = aVersion('1.12.6', { id: 'mine', state: 'wanted' });
    const elsewhere = aVersion('1.12.6', { id: 'other', state: 'failed', source: 'other' });
    const failed = {
      ...wanted,
      state: 'failed',
      problem: { code: 'BINARY_DOWNLOAD', detail: 'reset' },
    } as const;
    const lists = [[wanted], [failed]].map((rows) => ({ items: [aTool([elsewhere, ...rows])] }));
    const api = await startFakeApi({
      'GET /tools': (times) => lists[Math.min(times, 1)] ?? {},
      'POST /tools/tofu': { status: 'accepted', id: 'mine' },
    });
    test.onTestFinished(api.close);
    const env = { GOSLING_URL: api.url, GOSLING_TOKEN: 'an-admin-token-of-the-api' };

    const { code, stderr } = await runCli(['tofu', 'install', '1.12.6', '--json'], { env });

    test.expect(code).toBe(3);
    const { error } = JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '');
    test.expect(error).toMatchObject({ code: 'BINARY_DOWNLOAD', message: 'tofu 1.12.6: reset' });
  });

  it('ends with 7 when nothing comes in time, and shows meanwhile that it goes on', async (test) => {
    const { run, env } = await anApi(test, { items: [aTool([aVersion('1.12.6', { state: 'wanted' })])] });

    const [piped, atTerminal] = await Promise.all([
      run('install', '1.12.6', '--timeout', '15s'),
      runAtTerminal(['tofu', 'install', '1.12.6', '--timeout', '3s'], { env }),
    ]);

    test.expect([piped.code, atTerminal.code]).toEqual([7, 7]);
    test.expect(piped.stderr).toMatch(/still at it \(1\d/);
    test.expect(piped.stderr).toContain('tofu 1.12.6 was not here after 15s');
    test.expect(piped.stderr).toContain('gosling tofu versions');
    test.expect(atTerminal.stdout).toMatch(/⠙.* fetching tofu 1\.12\.6 .*[0-3]\.\ds/);
    test.expect(atTerminal.stdout).not.toContain('still at it');
  });

  it('shows how much of how much came: live, now and then on a line, and as numbers', async (test) => {
    const progress = { received_bytes: 4_404_019, total_bytes: 34_708_224 };
    const fetching = aVersion('1.12.6', { state: 'wanted', progress });
    const { run, env } = await anApi(test, { items: [aTool([fetching])] });

    const [piped, json, atTerminal] = await Promise.all([
      run('install', '1.12.6', '--timeout', '12s'),
      run('install', '1.12.6', '--timeout', '3s', '--json'),
      runAtTerminal(['tofu', 'install', '1.12.6', '--timeout', '3s'], { env }),
    ]);

    test.expect(piped.stderr).toMatch(/^ {2}still at it \(1\d\.\ds, 4\.2 of 33\.1 MiB\)$/m);
    test.expect(atTerminal.stdout).toMatch(/fetching tofu 1\.12\.6: 4\.2 of 33\.1 MiB .*[0-3]\.\ds/);
    const events = json.stderr.split('\n').filter((line) => line.includes('"received"'));
    test.expect(events.map((line) => JSON.parse(line))).toEqual([test.expect.objectContaining(progress)]);
  });

  it.for([
    ['1.12'],
    ['1.12.6', '--url', 'http://127.0.0.1/x', '--sha256', 'a'.repeat(64)],
    ['1.12.6', '--auth', 'bearer:store/keyring'],
    ['1.12.6', '--timeout', 'soon'],
  ])('does not ask for what cannot be: %s', async (args, test) => {
    const { run, asked } = await anApi(test, { items: [] });

    const { code, stderr } = await run('install', ...args);

    test.expect(code).toBe(64);
    test.expect(stderr).toContain('; ');
    test.expect(asked()).toEqual([]);
  });

  it('sends a source of one’s own with the reference of its secret, and nothing that is half', async (test) => {
    const sha256 = 'a'.repeat(64);
    const url = 'https://mirror.example.com/{version}/{os}-{arch}.tgz';
    const done = aVersion('1.12.6', { platform: 'darwin_arm64', source: 'other', active: true });
    const { run, asked } = await anApi(test, { items: [aTool([done])] });
    const own = ['install', '1.12.6', '--url', url];
    const more = ['--platform', 'darwin_arm64', '--use', '--auth', 'header:X-Token:tools/mirror'];

    const withoutSum = await run(...own);
    const badAuth = await run(...own, '--sha256', sha256, '--auth', 'basic:me');
    const whole = await run(...own, '--sha256', sha256, ...more);

    test.expect([withoutSum.code, badAuth.code, whole.code]).toEqual([64, 64, 0]);
    test.expect(withoutSum.stderr).toContain('--url needs --sha256');
    test.expect(badAuth.stderr).toContain('bearer:REF, token:REF or header:NAME:REF');
    test.expect(whole.stderr).toContain('runs use it from now on');
    const auth = { kind: 'header', name: 'X-Token', secret_ref: 'tools/mirror' };
    const source = { kind: 'other', url, sha256, auth };
    const body = { action: 'install', version: '1.12.6', source, use: true, platform: 'darwin_arm64' };
    test.expect(asked()).toEqual([['POST /tools/tofu', body], 'GET /tools']);
  });
});

describe.concurrent('gosling tofu use and rollback', { timeout: 90_000 }, () => {
  it.for([
    [['use', '1.12.5'], { action: 'use', version: '1.12.5' }],
    [
      ['use', '1.12.5', '--sha256', '0123456789ab', '--sha256', 'ABCDEF01'],
      { action: 'use', version: '1.12.5', sha256: ['0123456789ab', 'ABCDEF01'] },
    ],
    [['rollback'], { action: 'rollback' }],
  ] as const)('%s asks for it and says which one the next run takes', async ([args, body], test) => {
    const tool = aTool([aVersion('1.12.6'), aVersion('1.12.5', { active: true })]);
    const { run, asked } = await anApi(test, { items: [tool] });

    const { code, stderr } = await run(...args);

    test.expect(code).toBe(0);
    test.expect(stderr).toContain('tofu 1.12.5 is in use; the next run takes it');
    test.expect(stderr).not.toContain('GOSLING_TOFU_BIN');
    test.expect(asked()).toEqual([['POST /tools/tofu', body], 'GET /tools']);
  });

  it('refuse what cannot be the beginning of a SHA-256 before anything is asked', async (test) => {
    const { run, asked } = await anApi(test, { items: [] });

    const { code, stderr } = await run('use', '1.12.5', '--sha256', '0123');

    test.expect([code, asked()]).toEqual([64, []]);
    test.expect(stderr).toContain('8 hexadecimal digits or more');
  });

  it('warn where GOSLING_TOFU_BIN goes before all that is managed', async (test) => {
    const running = { version: '1.11.5', source: 'GOSLING_TOFU_BIN', product: 'opentofu' };
    const tool = aTool([aVersion('1.12.6', { active: true })], { running });
    const { run } = await anApi(test, { items: [tool] });

    const used = await run('use', '1.12.6');
    const back = await run('rollback');

    const warning = 'but GOSLING_TOFU_BIN names another one, which goes first';
    test
      .expect([used.stderr, back.stderr])
      .toEqual([test.expect.stringContaining(warning), test.expect.stringContaining(warning)]);
  });

  it('are of the agent where that is named, whatever OpenTofu is run', async (test) => {
    const running = { version: '1.11.5', source: 'GOSLING_TOFU_BIN', product: 'opentofu' };
    const agent = aTool([aVersion('0.4.0', { active: true })], { kind: 'gosling', running });
    const { run, asked } = await anApi(test, { items: [aTool([], { running }), agent] });

    const { stderr } = await run('rollback', '--of', 'gosling');

    test.expect(stderr).toContain('gosling 0.4.0 is in use');
    test.expect(stderr).not.toContain('GOSLING_TOFU_BIN');
    test.expect(asked()[0]).toEqual(['POST /tools/gosling', { action: 'rollback' }]);
  });

  it('tell what MotherGoose refused', async (test) => {
    const api = await startFakeApi({
      'POST /tools/tofu': { status: 409, code: 'BINARY_NO_ROLLBACK', detail: 'none was in use before' },
    });
    test.onTestFinished(api.close);
    const env = { GOSLING_URL: api.url, GOSLING_TOKEN: 'an-admin-token-of-the-api' };

    const { code, stderr } = await runCli(['tofu', 'rollback'], { env });

    test.expect(code).toBe(6);
    test.expect(stderr).toContain('none was in use before');
    test.expect(stderr).toContain('code BINARY_NO_ROLLBACK');
  });
});
