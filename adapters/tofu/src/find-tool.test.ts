import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareVersions } from './binaries/version.ts';
import { findTool, type TofuFinderOptions } from './find-tool.ts';
import { createBench, createKeepingLogger, never } from './test-bench.ts';

describe('finding OpenTofu', () => {
  it('takes GOSLING_TOFU_BIN before all others', async () => {
    await using place = places();
    const bin = place.write('mine/tofu-x', 'OpenTofu v1.11.5');
    place.write('bin/tofu-1.12.6', 'OpenTofu v1.12.6');

    const tool = await place.find({ bin });

    expect(tool).toMatchObject({
      path: bin,
      product: 'opentofu',
      version: '1.11.5',
      source: 'GOSLING_TOFU_BIN',
    });
    expect(tool.sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('does not look further when GOSLING_TOFU_BIN does not run', async () => {
    await using place = places();
    place.write('bin/tofu-1.12.6', 'OpenTofu v1.12.6');

    const missing = place.find({ bin: '/nowhere/tofu' });

    await expect(missing).rejects.toMatchObject({
      code: 'TOFU_MISSING',
      message: expect.stringContaining('GOSLING_TOFU_BIN is /nowhere/tofu'),
    });
  });

  it('takes the newest managed version before PATH', async () => {
    await using place = places();
    place.write('bin/tofu-1.9.4', 'OpenTofu v1.9.4');
    place.write('bin/tofu-1.12.6', 'OpenTofu v1.12.6');
    place.write('bin/tofu-1.12.6.part', 'OpenTofu v9.9.9');
    place.write('path/tofu', 'OpenTofu v1.13.0');

    const tool = await place.find({});

    expect(tool).toMatchObject({ version: '1.12.6', source: 'managed' });
  });

  it('takes tofu on PATH before terraform', async () => {
    await using place = places();
    place.write('path/terraform', 'Terraform v1.15.0');
    place.write('path/tofu', 'OpenTofu v1.11.0');

    const tool = await place.find({ allowTerraform: true });

    expect(tool).toMatchObject({ product: 'opentofu', version: '1.11.0', source: 'PATH' });
    expect(place.logged).toEqual([]);
  });

  it('lets terraform stand in where that is allowed, and warns', async () => {
    await using place = places();
    const path = place.write('path/terraform', 'Terraform v1.11.4');

    const tool = await place.find({ allowTerraform: true });

    expect(tool).toMatchObject({ product: 'terraform', version: '1.11.4' });
    expect(place.logged).toMatchObject([
      {
        message: 'terraform stands in for OpenTofu, and encrypts neither states nor plans',
        fields: { path, version: '1.11.4' },
      },
    ]);
  });

  it('says what to do when there is none', async () => {
    await using place = places();
    place.write('path/terraform', 'Terraform v1.11.4');
    place.write('path/tofu', 'OpenTofu v1.12.6', 0o644);

    await expect(place.find({})).rejects.toMatchObject({
      code: 'TOFU_MISSING',
      message: expect.stringMatching(
        /no tofu on PATH\): install OpenTofu 1\.11 or newer .* GOSLING_TOFU_BIN/,
      ),
    });
  });

  it('names the one it found when that is too old', async () => {
    await using place = places();
    place.write('path/tofu', 'OpenTofu v1.10.9');

    await expect(place.find({})).rejects.toMatchObject({
      code: 'TOFU_TOO_OLD',
      params: { version: '1.10.9' },
    });
  });

  it('passes over what is no such tool', async () => {
    await using place = places();
    place.write('bin/tofu-1.12.6', 'hello');
    place.write('path/tofu', 'OpenTofu v1.11.1');

    await expect(place.find({})).resolves.toMatchObject({ version: '1.11.1' });
  });

  it('finds again what was replaced, and asks no binary twice that was not', async () => {
    await using bench = createBench('');
    const bin = join(bench.dir, 'counting');
    const text = `#!/bin/sh\necho x >>${bench.dir}/asked\necho 'OpenTofu v1.12.6'\n`;
    writeFileSync(bin, text, { mode: 0o755 });
    const tofu = bench.reopen({ find: { bin, environment: {}, allowTerraform: false } });

    const first = await tofu.tool({ signal: never });
    const same = await tofu.tool({ signal: never });
    writeFileSync(bin, `${text}# newer\n`);
    const newer = await tofu.tool({ signal: never });

    expect(same).toBe(first);
    expect(newer.sha256).not.toBe(first.sha256);
  });
});

describe('versions', () => {
  it('are ordered by number, a pre-release before its release', () => {
    const sorted = ['1.9.0', '1.11.0-beta1', '1.11.0-rc1', '1.11.0', '1.11.10', '1.12.0', '2.0.0'];

    expect(sorted.toReversed().toSorted(compareVersions)).toEqual(sorted);
  });

  it('are ordered totally', () => {
    const version = fc
      .tuple(fc.nat(20), fc.nat(20), fc.nat(20), fc.constantFrom('', '-rc1', '-beta2'))
      .map(([major, minor, patch, tag]) => `${major}.${minor}.${patch}${tag}`);

    fc.assert(
      fc.property(version, version, (a, b) => {
        expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) || 0);
        expect(compareVersions(a, a)).toBe(0);
      }),
      { numRuns: runs(200) },
    );
  });
});

function places() {
  const bench = createBench('');
  const { logger, lines } = createKeepingLogger();
  return {
    logged: lines,
    /** A program that says this of itself. */
    write(path: string, says: string, mode = 0o755) {
      const whole = join(bench.dir, path);
      mkdirSync(join(whole, '..'), { recursive: true });
      writeFileSync(whole, `#!/bin/sh\necho '${says}'\necho 'on linux_amd64'\n`);
      chmodSync(whole, mode);
      return whole;
    },
    find(options: Partial<TofuFinderOptions>) {
      const environment = { PATH: `${join(bench.dir, 'path')}:/bin:/usr/bin` };
      const binDir = join(bench.dir, 'bin');
      return findTool({ environment, allowTerraform: false, ...options, binDir, logger }, never);
    },
    [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose](),
  };
}
