import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Secret } from '@polar-gosling/kernel';
import { createMemorySecrets } from '@polar-gosling/ports/secrets/memory';
import type { TofuTool } from '@polar-gosling/ports/tofu';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { encryptRun } from './encrypt-run.ts';
import { createStateEncryption, type StateEncryption } from './state-keys.ts';
import type { StateBackend } from './state-place.ts';
import {
  anEntry,
  type Bench,
  bring,
  createBench,
  createKeepingLogger,
  findTestTofu,
  listNames,
  never,
  noTofuReason,
  openRun,
  wants,
  writeFakeTofu,
} from './test-bench.ts';

vi.setConfig({ testTimeout: 120_000 });
const program = findTestTofu() ?? '';
const call = { signal: never };
const canary = anEntry({ runner_id: 'canary', tags: { kind: 'canary-tag' } });
const other = anEntry({ runner_id: 'r2' });
/** As the release before states of this host were encrypted. */
const inClear: StateEncryption = async () => new Secret('');

function stateFolder({ dataDir }: Bench): string {
  return join(dataDir, 'tofu-states/web');
}

/** Whatever lies where the state is: the state, and what it was before. */
function statesIn(bench: Bench): Readonly<Record<string, string>> {
  const names = readdirSync(stateFolder(bench)).toSorted();
  return Object.fromEntries(
    names.map((name) => [name, readFileSync(join(stateFolder(bench), name), 'utf8')]),
  );
}

const sealed = expect.stringContaining('"encrypted_data"');

describe('the state of machines of this host', () => {
  beforeEach(({ skip }) => skip(!program.includes('tofu'), noTofuReason));

  it('holds no text of an entry, nor does what it was before or a plan', async () => {
    await using bench = createBench(program);
    const { run, runId } = await openRun(bench.tofu, wants([canary]));
    await run.plan(call);
    const plan = readFileSync(join(bench.dataDir, 'runs', runId, 'tfplan'), 'latin1');
    await run.apply(call);
    await run.dispose();

    const { outcome } = await bring(bench.tofu, wants([canary, other]));

    const states = statesIn(bench);
    expect(outcome).toMatchObject({ kind: 'ok', serial: expect.any(Number), lineage: expect.any(String) });
    expect(states).toEqual({ 'terraform.tfstate': sealed, 'terraform.tfstate.backup': sealed });
    expect(JSON.parse(plan)).toMatchObject({ encrypted_data: expect.any(String) });
    expect(JSON.stringify([states, plan])).not.toMatch(/canary|terraform_data|passphrase/);
  });

  it('is read in clear as an earlier release left it, changes no live runner, and is encrypted from then on', async () => {
    await using bench = createBench(program);
    await bring(bench.reopen({ encryption: inClear }), wants([other]));
    await bring(bench.reopen({ encryption: inClear }), wants([canary, other]));
    const before = statesIn(bench);
    const pids = [bench.record('canary').pid, bench.record('r2').pid];
    const { logger, lines } = createKeepingLogger();
    const tofu = bench.reopen({ logger });

    const same = await bring(tofu, wants([canary, other]));
    const asBefore = statesIn(bench);
    const added = await bring(tofu, wants([canary, other, anEntry({ runner_id: 'r3' })]));
    const warned = lines.filter(({ message }) => message.includes('in clear')).length;
    const again = await bring(tofu, wants([canary, other]));

    expect(Object.values(before)).toEqual(Array(2).fill(expect.stringContaining('"terraform_data"')));
    expect([same.plan.hasChanges, asBefore]).toEqual([false, before]);
    expect(added.plan.summary).toEqual({ add: 1, change: 0, destroy: 0 });
    expect(again.outcome).toMatchObject({ kind: 'ok', removed: [tofu.addressOf('r3')] });
    expect(statesIn(bench)).toEqual({ 'terraform.tfstate': sealed, 'terraform.tfstate.backup': sealed });
    expect([bench.record('canary').pid, bench.record('r2').pid]).toEqual(pids);
    expect([warned, lines.filter(({ message }) => message.includes('in clear')).length]).toEqual([2, 2]);
  });

  it('is read as OpenTofu itself stretched its passphrase, and written with the key that is given', async () => {
    await using bench = createBench(program);
    const old = {
      key_provider: {
        pbkdf2: { k1: { passphrase: 'a-passphrase-of-tests', iterations: 200_000, hash_function: 'sha256' } },
      },
      method: { aes_gcm: { k1: { keys: `\${key_provider.pbkdf2.k1}` } } },
      state: { method: 'method.aes_gcm.k1', enforced: true },
      plan: { method: 'method.aes_gcm.k1', enforced: true },
    };
    await bring(
      bench.reopen({ encryption: async () => new Secret(JSON.stringify(old)) }),
      wants([canary, other]),
    );
    const { 'terraform.tfstate': before } = statesIn(bench);

    const same = await bring(bench.tofu, wants([canary, other]));
    const removed = await bring(bench.tofu, wants([other]));

    expect(before).toContain('key_provider.pbkdf2.k1');
    expect(same.plan.hasChanges).toBe(false);
    expect(removed.outcome).toMatchObject({ kind: 'ok', removed: [bench.tofu.addressOf('canary')] });
    expect(JSON.parse(statesIn(bench)['terraform.tfstate'] ?? '')).toMatchObject({ meta: {} });
  });

  it('and a plan that was kept are opened with an earlier passphrase', async () => {
    await using bench = createBench(program);
    const secrets = createMemorySecrets();
    const put = (text: string) => secrets.write('store/state-keys', new Secret(text), call);
    await put('{"active":"k1","keys":{"k1":"an-earlier-passphrase"}}');
    const tofu = bench.reopen({ encryption: createStateEncryption(secrets) });
    await bring(tofu, wants([other]));
    const { run } = await openRun(tofu, wants([canary, other]));
    await run.plan(call);
    const savedPlan = await run.savedPlan?.();
    await run.dispose();
    await put('{"active":"k2","keys":{"k1":"an-earlier-passphrase","k2":"the-passphrase-in-force"}}');

    const { run: later } = await openRun(tofu, wants([canary, other]), { savedPlan });
    const { summary } = await later.plan(call);
    const outcome = await later.apply(call);
    await later.dispose();
    await put('{"active":"k2","keys":{"k2":"the-passphrase-in-force"}}');
    const same = await bring(tofu, wants([canary, other]));

    expect([summary.add, outcome.kind, same.plan.hasChanges]).toEqual([1, 'ok', false]);
  });

  it('is left alone with another passphrase, and it is said which secret opens it', async () => {
    await using bench = createBench(program);
    await bring(bench.tofu, wants([canary]));
    const before = statesIn(bench);
    const pid = bench.record('canary').pid;
    const tofu = bench.reopen({ encryption: createStateEncryption(createMemorySecrets()) });

    const ended = bring(tofu, wants([other]));

    await expect(ended).rejects.toMatchObject({
      code: 'TOFU_STATE_UNREADABLE',
      message: expect.stringContaining('store/state-keys'),
    });
    expect(statesIn(bench)).toEqual(before);
    expect(bench.record('canary').pid).toBe(pid);
    expect(listNames(join(bench.dataDir, 'local-runners'))).toEqual(['canary']);
  });
});

describe('a state that Terraform is to work on', () => {
  const terraform = (bench: Bench, apply = 'exit 0') => {
    const bin = writeFakeTofu(bench.dir, apply);
    writeFileSync(bin, readFileSync(bin, 'utf8').replace('OpenTofu v1.12.6', 'Terraform v1.11.4'));
    return { find: { bin, environment: {}, allowTerraform: true } };
  };
  const put = (bench: Bench, state: object) => {
    const file = join(stateFolder(bench), 'terraform.tfstate');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify({ serial: 1, lineage: 'x', ...state }));
  };

  it('is refused once it is encrypted, with what to do', async () => {
    await using bench = createBench('');
    put(bench, { encrypted_data: 'AAAA', encryption_version: 'v0' });

    const opened = openRun(bench.reopen(terraform(bench)), wants([canary]));

    await expect(opened).rejects.toMatchObject({
      code: 'TOFU_MISSING',
      message: expect.stringMatching(
        /Terraform, which cannot read the encrypted state of egg "web".*install OpenTofu/,
      ),
    });
  });

  it('stays in clear: Terraform gets no passphrase', async () => {
    await using bench = createBench('');
    put(bench, { resources: [] });
    const tofu = bench.reopen(terraform(bench, 'env >../../env; exit 0'));
    const { run } = await openRun(tofu, wants([canary]));

    await run.plan(call);
    const outcome = await run.apply(call);
    await run.dispose();

    expect(outcome).toMatchObject({ kind: 'ok' });
    expect(readFileSync(join(bench.dataDir, 'env'), 'utf8')).not.toContain('TF_ENCRYPTION');
  });
});

describe('what a run is encrypted with', () => {
  const tool: TofuTool = {
    path: '/tofu',
    product: 'opentofu',
    version: '1.12.6',
    sha256: '',
    source: 'PATH',
  };
  const { logger } = createKeepingLogger();

  it.each([
    ['local', 'local', { resources: [] }, true],
    ['local', 'local', { encrypted_data: 'AAAA' }, false],
    ['local', 'local', undefined, false],
    ['aws', 'local', { resources: [] }, false],
    ['local', 's3', { resources: [] }, false],
  ] as const)('for %s, with its state in %s as %j, takes it in clear: %s', async (...given) => {
    const [provider, kind, state, expected] = given;
    await using bench = createBench('');
    const path = join(bench.dir, 'terraform.tfstate');
    if (state !== undefined) writeFileSync(path, JSON.stringify({ serial: 1, lineage: 'x', ...state }));
    const backend = { kind, path } as StateBackend;
    const request = { runId: 'x', wanted: { ...wants([canary]), provider } };
    const asked: unknown[] = [];
    const encryption: StateEncryption = async ({ takesClear }) => {
      asked.push(takesClear);
      return new Secret('{}');
    };

    const env = await encryptRun({ request, tool, place: { backend } }, { encryption, logger }, call);

    expect([asked, env]).toEqual([[expected], { TF_ENCRYPTION: '{}' }]);
  });

  it('is one secret for all processes, made by the first', async () => {
    const secrets = createMemorySecrets();

    const [first, second] = [
      await createStateEncryption(secrets)(call),
      await createStateEncryption(secrets)(call),
    ];

    expect(first.reveal()).toBe(second.reveal());
    expect(await secrets.list('store/', call)).toEqual(['store/state-keys']);
    expect(JSON.parse(first.reveal())).toMatchObject({ state: { enforced: true }, plan: { enforced: true } });
  });

  it('follows the secret, also after one that is none', async () => {
    const secrets = createMemorySecrets();
    const encryption = createStateEncryption(secrets);
    const before = await encryption(call);
    await secrets.write('store/state-keys', new Secret('{"active":"k1","keys":{}}'), call);
    const damaged = encryption(call);
    await expect(damaged).rejects.toMatchObject({ code: 'SECRET_DAMAGED' });
    const next = '{"active":"k1","keys":{"k1":"a-passphrase-of-tests"}}';
    await secrets.write('store/state-keys', new Secret(next), call);

    const after = await encryption(call);

    expect(after.reveal()).not.toBe(before.reveal());
    expect(JSON.parse(after.reveal())).toMatchObject({ plan: { method: 'method.aes_gcm.k1' } });
  });
});
