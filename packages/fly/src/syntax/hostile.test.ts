// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references of Fly are written like this
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type Growth, runs } from '@polar-gosling/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkFly, formatFly, parseFly } from '../index.ts';

/** Inputs that make a careless reader quadratic, deep or dead. */
const hostileOf = (many: number): readonly (readonly [string, string])[] => [
  ['lists inside lists', `a = ${'['.repeat(many)}${']'.repeat(many)}\n`],
  ['lists never closed', `a = ${'['.repeat(many)}`],
  ['maps never closed', `a = ${'{ a = '.repeat(many)}`],
  ['blocks inside blocks', `${'b {\n'.repeat(many)}${'}\n'.repeat(many)}`],
  ['blocks never closed', 'b {\n'.repeat(many)],
  ['blocks on one line', 'b { '.repeat(many)],
  ['parentheses', `a = f${'('.repeat(many)}`],
  ['closing braces', '}'.repeat(many)],
  ['closing braces on lines', '}\n'.repeat(many)],
  ['comments never closed', '/*\n'.repeat(many)],
  ['comments never closed on one line', '/*a='.repeat(many)],
  ['heredocs never closed', 'a = <<-EOT\n'.repeat(many)],
  ['heredocs with tags of their own', Array.from({ length: many }, (_, i) => `a = <<-T${i}\n`).join('')],
  ['heredocs with a body too shallow', `${'    a = <<-EOT\n    x\n'.repeat(many / 2)}y\n  EOT\n`],
  [
    'heredocs that open one another',
    `${Array.from({ length: many / 2 }, (_, i) => `  a = <<-T${i}\n x\n`).join('')}${Array.from({ length: many / 2 }, (_, i) => `  a = <<-T${i}\n    T${i}\n`).join('')}`,
  ],
  ['quotes', '"'.repeat(many)],
  ['quotes on lines', '"\n'.repeat(many)],
  ['single quotes', "'".repeat(many)],
  ['interpolations', `locals {\n  a = "${'${'.repeat(many)}"\n}\n`],
  ['interpolations of a shell', `locals {\n  a = <<-EOT\n  ${'${x} '.repeat(many)}\n  EOT\n}\n`],
  ['bad heredoc references', `locals {\n  a = <<-EOT\n${'  ${vra.x}\n'.repeat(many)}  EOT\n}\n`],
  ['bad characters', '@ '.repeat(many)],
  ['bad lines', '= = =\n'.repeat(many)],
  ['names on one line', 'x '.repeat(many)],
  ['attributes on one line', 'x = 1 '.repeat(many)],
  ['maps on one line', `a = [${'{ a = 1 }, '.repeat(many)}]\n`],
  ['one list of many items', `a = [${'"x", '.repeat(many)}]\n`],
  ['unknown attributes', `egg "a" {\n${'  concurent = 1\n'.repeat(many)}}\n`],
  ['unknown blocks', `egg "a" {\n${'  runer {}\n'.repeat(many)}}\n`],
  ['Eggs of one name', 'egg "a" {}\n'.repeat(many)],
  ['backslashes', `a = "${'\\'.repeat(many)}"\n`],
  ['NUL characters', '\0'.repeat(many)],
  ['lone surrogates', '\ud800'.repeat(many)],
  ['carriage returns', '\r'.repeat(many)],
  ['combining marks', `a${'\u0301'.repeat(many)} = 1\n`],
  ['blanks', ' '.repeat(many)],
  ['empty lines', '\n'.repeat(many)],
  ['digits', `a = ${'9'.repeat(many)}\n`],
  ['dots', `a = b${'.b'.repeat(many)}\n`],
  ['a host of many labels', `egg "a" {\n  gitlab { server = "${'a.'.repeat(30_000)}" }\n}\n`],
  ['a cron line of many commas', `job "a" {\n  schedule = "${'1,'.repeat(30_000)} * * * *"\n}\n`],
  ['comments behind names', `${'a /* c */ '.repeat(many)}`],
  ['byte order marks', '\ufeff'.repeat(many)],
  ['line separators', 'a = 1\u2028'.repeat(many)],
  ['bidirectional marks', '\u202e'.repeat(many)],
  ['mixed line ends', 'a = 1\r\nb = 2\n\r'.repeat(many)],
  ['names that are all unknown', Array.from({ length: many }, (_, i) => `k${i} = 1\n`).join('')],
  ['one long line', `a = "${'x'.repeat(many * 100)}"\n`],
  [
    'locals that double',
    `locals {\n  a0 = "x"\n${Array.from({ length: many / 10 }, (_, i) => `  a${i + 1} = "\${local.a${i}}\${local.a${i}}"\n`).join('')}}\n`,
  ],
  [
    'a circle of locals',
    `locals {\n${Array.from({ length: many / 10 }, (_, i) => `  a${i} = local.a${(i + 1) % (many / 10)}\n`).join('')}}\n`,
  ],
  ['numbers beyond all', 'a = 1e999\n'.repeat(many)],
  ['numbers of 400 digits', `a = -${'9'.repeat(400)}\n`.repeat(many / 40)],
  [
    'bytes that are no UTF-8',
    Buffer.from('a = "\xC3\xE2\x82\xF0\x9F\x92"\n', 'latin1')
      .toString()
      .repeat(many / 4),
  ],
  ['suppressions that allow nothing', '# fly:allow FLY030 why\na = 1\n'.repeat(many)],
];

/** Half of it still passes the limit of items, behind which a file has errors and is read twice. */
const many = 24_000;
const small = hostileOf(many / 2);
const pairs = hostileOf(many).map(([name, big], index) => [name, small[index]?.[1] ?? '', big] as const);

/** 3 MB/s at worst. */
const limitMs = (text: string) => 50 + (300 * Buffer.byteLength(text)) / 1e6;
/** Twice the size takes twice the time; quadratic work takes four times. */
const mostGrowth = 3;
/** So little time tells nothing about growth. */
const unclearMs = 50;

/** Those with the most tokens, nodes or findings for each byte, and the biggest; in `npm run nightly` all. */
const hungry = [
  'one long line',
  'one list of many items',
  'maps on one line',
  'attributes on one line',
  'blocks inside blocks',
  'quotes on lines',
  'Eggs of one name',
  'heredocs that open one another',
];
const inHeap = runs(1) > 1 ? hostileOf(1).map(([name]) => name) : hungry;
const heapBytesPerByte = 250;

describe('hostile inputs', () => {
  let measure: (job: Job) => Promise<Growth>;
  let end: () => Promise<unknown>;
  beforeAll(async () => {
    ({ measure, end } = await startMeasuring());
  });
  afterAll(() => end());

  it.each(pairs)(
    'are read in time that grows with their size: %s',
    { timeout: 60_000 },
    async (_name, half, text) => {
      const job = { work: 'read', half, text, limitMs: limitMs(text) } as const;

      expect(await measure(job)).toSatisfy(isWithin(job));
      expect(checkFly(parseFly(text)).diagnostics.length).toBeLessThanOrEqual(200);
    },
  );

  it.each(pairs)(
    'are formatted in time that grows with their size: %s',
    { timeout: 60_000 },
    async (_name, half, text) => {
      // What has errors is read twice, and again when it is formatted.
      const job = { work: 'format', half, text, limitMs: 3 * limitMs(text) } as const;

      expect(await measure(job)).toSatisfy(isWithin(job));
    },
  );

  it.each(inHeap)(
    'are read and formatted in a heap that grows with their size: %s',
    { timeout: 60_000 },
    async (name) => {
      const text = new Map(hostileOf(100_000)).get(name) ?? '';
      const heapMb = 24 + (heapBytesPerByte * Buffer.byteLength(text)) / 1e6;

      expect(text).not.toBe('');
      await expect(readInHeap(text, heapMb)).resolves.toBe(0);
    },
  );

  it.each(hostileOf(10_000))('are formatted in time: %s', { timeout: 15_000 }, (_name, text) => {
    const formatted = formatFly(text);

    expect(formatFly(formatted)).toBe(formatted);
  });

  it('say once that nothing is nested deeper than 32', () => {
    const found = parseFly(`locals {\n  a = ${'['.repeat(1000)}\n}\n`).diagnostics;

    expect(found.map((diagnostic) => diagnostic.code)).toEqual(['FLY090']);
  });

  it('count what is beyond the first 200 findings', () => {
    const checked = checkFly(parseFly('}\n'.repeat(300)));

    expect(checked.diagnostics).toHaveLength(200);
    expect(checked.omitted).toBe(100);
  });

  it('keep names like __proto__ and constructor plain data', () => {
    const text =
      'egg "a" {\n  type = "vm"\n  gitlab { project_id = 1 }\n  environment {\n    __proto__ = "x"\n    constructor = "y"\n  }\n}\n';
    const checked = checkFly(parseFly(text));
    const egg = checked.blocks.find((block) => block.kind === 'egg');

    expect(checked.diagnostics).toEqual([]);
    expect(Object.entries(egg?.values.environment ?? {})).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    expect(checkFly(parseFly('constructor {}\ntoString = 1\n')).diagnostics.map(({ code }) => code)).toEqual([
      'FLY030',
      'FLY030',
    ]);
  });
});

interface Job {
  readonly work: 'read' | 'format';
  readonly half: string;
  readonly text: string;
  readonly limitMs: number;
}

function isWithin({ limitMs: most }: Job): (growth: Growth) => boolean {
  return ({ smallMs, bigMs }) => bigMs <= most && bigMs <= mostGrowth * smallMs + unclearMs;
}

const here = (file: string) => new URL(file, import.meta.url).href;
const execArgv = ['--disable-warning=ExperimentalWarning'];

/** A thread that measures as the program runs: not through the loader of the tests, which makes code half as fast. */
async function startMeasuring() {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { fly, testkit, mostGrowth, unclearMs } = workerData;
    Promise.all([import(fly), import(testkit)]).then(([{ checkFly, formatFly, parseFly }, { measureGrowth }]) => {
      const works = { read: (text) => checkFly(parseFly(text)), format: formatFly };
      parentPort.on('message', ({ work, half, text, limitMs }) => {
        const isGood = ({ smallMs, bigMs }) => bigMs <= limitMs && bigMs <= mostGrowth * smallMs + unclearMs;
        const run = (source) => () => works[work](source);
        parentPort.postMessage(measureGrowth({ small: run(half), big: run(text) }, isGood));
      });
      parentPort.postMessage('ready');
    });`;
  const files = { fly: here('../index.ts'), testkit: here('../../../testkit/src/cpu-time.ts') };
  const worker = new Worker(code, {
    eval: true,
    execArgv,
    workerData: { ...files, mostGrowth, unclearMs },
  });
  await once(worker, 'message');
  return {
    async measure(job: Job): Promise<Growth> {
      worker.postMessage(job);
      const [growth] = await once(worker, 'message');
      return growth;
    },
    end: () => worker.terminate(),
  };
}

/** Exit code of a thread that reads and formats a text with so much room for what lives longer than a moment. */
async function readInHeap(text: string, maxOldGenerationSizeMb: number): Promise<number> {
  const index = here('../index.ts');
  const code = `
    const { index, text } = require('node:worker_threads').workerData;
    import(index).then(({ checkFly, formatFly, parseFly }) => [checkFly(parseFly(text)), formatFly(text)]);`;
  const worker = new Worker(code, {
    eval: true,
    execArgv,
    resourceLimits: { maxOldGenerationSizeMb, maxYoungGenerationSizeMb: 8 },
    workerData: { index, text },
  });
  const [exitCode]: number[] = await once(worker, 'exit');
  return exitCode ?? 1;
}
