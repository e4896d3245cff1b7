import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';
import { runs } from '@polar-gosling/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildHcl, whyNoHcl } from '../../../../bench/fly/hcl.ts';
import { createRandom } from '../quality/random.ts';
import { makeCommonFile } from './common-subset.ts';
import { readPlain } from './plain-values.ts';

/** 500 in `npm test`, 10,000 in `npm run nightly`. */
const count = 10 * runs(50);
const missing = await whyNoHcl();

describe('what Fly and hashicorp/hcl have in common', () => {
  let folder = '';
  let program = '';

  beforeAll(async () => {
    if (missing !== undefined) return;
    folder = await mkdtemp(join(tmpdir(), 'hcl-'));
    program = await buildHcl(folder);
  }, 300_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it(`has the same values in both, in ${count} files`, { timeout: 300_000 }, async ({ skip }) => {
    skip(missing !== undefined, missing);
    const files = Array.from({ length: count }, (_, seed) => makeCommonFile(createRandom(seed)));

    const theirs = await askHcl(program, files);

    const differing = files.flatMap((text, seed) => {
      const [ours, other] = [readPlain(text), theirs[seed]];
      return isDeepStrictEqual(ours, other) ? [] : [{ seed, text, ours, other }];
    });
    expect(differing.slice(0, 3)).toEqual([]);
    expect(theirs).toHaveLength(count);
  });

  it('tells a difference where there is one', ({ skip }) => {
    skip(missing !== undefined, missing);

    return expect(askHcl(program, ['a = "%{x}"\n', 'a = 1\n'])).resolves.toEqual([
      { problem: expect.stringMatching(/^file:1,/) },
      { values: { attributes: { a: { number: 1 } }, blocks: [] } },
    ]);
  });
});

/** What hashicorp/hcl finds in the files: one process for all of them. */
async function askHcl(program: string, files: readonly string[]): Promise<unknown[]> {
  const child = spawn(program, ['values'], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(files.map((text) => `${JSON.stringify({ text })}\n`).join(''));
  const lines = (await readText(child.stdout)).trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line, (key, value) => (key === 'number' ? Number(value) : value)));
}
