import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  applySafeFixes,
  checkFly,
  type Diagnostic,
  diagnosticsToGitlab,
  diagnosticsToJson,
  diagnosticsToSarif,
  parseFly,
  renderDiagnostics,
} from '../index.ts';
import { applyEdits } from '../syntax/edit.ts';
import { firstBreaks, moreBreaks } from './breaks.ts';
import { makeEgg } from './eggs.ts';
import { hurriedBreaks } from './hurried-breaks.ts';
import { makeHurried } from './hurried-files.ts';
import { check, tryBreak } from './measure.ts';
import { createRandom } from './random.ts';

const kinds = [
  ...Object.entries({ ...firstBreaks, ...moreBreaks }).map((entry) => [...entry, makeEgg] as const),
  ...Object.entries(hurriedBreaks).map((entry) => [...entry, makeHurried] as const),
];
const sayEach = (found: readonly Diagnostic[]) =>
  found.map(({ code, message }) => `${code} ${message}`).toSorted();

describe('safe fixes', () => {
  it.each(kinds)('P6: remove their diagnostic and add none: %s', (_kind, breakText, make) => {
    const count = Math.ceil(runs(100) / 10);
    for (const { text, found } of tryBreak(breakText, { count, seed: 7, make })) {
      for (const diagnostic of found) {
        const fix = diagnostic.fixes.find(({ safety }) => safety === 'safe');
        if (fix === undefined) continue;
        const left = found.filter((other) => other !== diagnostic);
        expect(sayEach(check(applyEdits(text, fix.edits))), text).toEqual(sayEach(left));
      }
    }
  });

  it('P6: all together come to an end in three rounds', () => {
    const random = createRandom(11);
    let changed = 0;
    for (let run = 0; run < runs(100); run++) {
      const broken = random.shuffle(kinds).slice(0, 6);
      const texts = broken.map(([, breakText, make], index) => {
        const text = make(random, index);
        return breakText(text, random)?.text ?? text;
      });
      const before = texts.join('\n');
      let text = before;
      for (let round = 0; round < 3; round++) text = applySafeFixes(text, check(text)).text;

      const left = check(text).filter(({ fixes }) => fixes.some(({ safety }) => safety === 'safe'));
      expect(left, text).toEqual([]);
      if (text !== before) changed++;
    }
    // Most texts have something to mend: else nothing was tried.
    expect(changed).toBeGreaterThan(runs(100) / 2);
  });
});

describe('the order of blocks', () => {
  it('P7: changes no value and no finding, only places', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (seed, order) => {
        const random = createRandom(seed);
        const blocks = Array.from({ length: 6 }, (_, index) => {
          const text = (random.isLikely(0.5) ? makeEgg : makeHurried)(random, index);
          const [, breakText] = random.pick(kinds as [(typeof kinds)[number], ...typeof kinds]);
          return random.isLikely(0.3) ? (breakText(text, random)?.text ?? text) : text;
        });
        const [one, other] = [blocks, createRandom(order).shuffle(blocks)].map((list) =>
          checkFly(parseFly(list.join('\n'))),
        );

        expect(valuesOf(other)).toEqual(valuesOf(one));
        expect(sayEach(other?.diagnostics ?? [])).toEqual(sayEach(one?.diagnostics ?? []));
      }),
      // A } forgotten in one block and a { in another: together the braces of the file are even.
      { numRuns: runs(100), examples: [[321945430, 0]] },
    );
  });
});

function valuesOf(checked: ReturnType<typeof checkFly> | undefined): readonly string[] {
  return (checked?.blocks ?? [])
    .map(({ kind, name, values, isValid }) => JSON.stringify([kind, name, values, isValid]))
    .toSorted();
}

describe('secrets', () => {
  const letters = fc.stringMatching(/^[A-Za-z0-9]{24}$/);
  const secret = fc.oneof(
    letters.map((text) => ({ shown: `glpat-${text}`, hidden: text })),
    letters.map((text) => ({ shown: `vault://ci/${text}#${text}`, hidden: text })),
    letters.map((text) => ({ shown: `yc-lockbox://gitlab/${text}/token`, hidden: text })),
    letters.map((text) => ({ shown: `hvs.${text}`, hidden: text })),
  );
  const place = fc.constantFrom<(text: string) => string>(
    (text) => `    token_secret = "${text}" x`,
    (text) => `    tokn_secret = "${text}"`,
    (text) => `    token_secret = "${text}`,
    (text) => `    token_secret: "${text}"`,
    (text) => `    token_secret = '${text}'`,
    (text) => `    token_secret = “${text}”`,
    (text) => `    "token_secret" = "${text}",`,
    (text) => `    project_id = "${text}"`,
    (text) => `    server = "${text}"`,
    (text) => `    server = lower("${text}")`,
    (text) => `    /* ${text}`,
    (text) => `    ${text}`,
  );

  it('P10: stand in no form of output', () => {
    fc.assert(
      fc.property(secret, place, ({ shown, hidden }, toLine) => {
        const text = `egg "a" {\n  type = "vm"\n  gitlab {\n    group_id = 1\n${toLine(shown)}\n  }\n}\n`;
        const found = check(text);
        const sources = new Map([['input.fly', text]]);
        const printed = [
          renderDiagnostics(found, { sources }),
          JSON.stringify(diagnosticsToJson(found, { sources })),
          JSON.stringify(diagnosticsToGitlab(found, { prefix: '' })),
          JSON.stringify(diagnosticsToSarif(found, { prefix: '', toolVersion: '0' })),
        ];

        expect(found.length).toBeGreaterThan(0);
        expect(printed.filter((output) => output.includes(hidden))).toEqual([]);
      }),
      { numRuns: runs(200) },
    );
  });
});
