// node work.ts TASK FILE: does one kind of work on a file until it is warm, then measures it; prints ms of CPU time.
import { readFile } from 'node:fs/promises';
import { checkFly, formatFly, parseFly } from '@polar-gosling/fly';
import { editUntilShown } from './edit.ts';

/** Does the work once; answers what came of it. */
type Task = (text: string) => unknown | Promise<unknown>;

const tasks: Readonly<Record<string, () => Task>> = {
  parse: () => (text) => {
    const { tree, diagnostics } = parseFly(text);
    return `${tree.items.length} items, ${diagnostics.length} diagnostics`;
  },
  check: () => (text) => {
    const { blocks, diagnostics } = checkFly(parseFly(text));
    const valid = blocks.filter(({ isValid }) => isValid).length;
    return `${valid} valid blocks, ${diagnostics.length} diagnostics`;
  },
  format: () => (text) => `${formatFly(text).length} characters`,
  edit: editUntilShown,
};

const warmUpMs = 1_500;
const sampleMs = 100;
const samples = 9;

const [name = '', path = ''] = process.argv.slice(2);
const task = tasks[name]?.();
if (task === undefined) throw new Error(`no such task: ${name}`);
const text = await readFile(path, 'utf8');

let result = await task(text);
const warmUntil = performance.now() + warmUpMs;
while (performance.now() < warmUntil) result = await task(text);

const values: number[] = [];
for (let sample = 0; sample < samples; sample++) values.push(await measure(task));
console.log(JSON.stringify({ value: values.toSorted((a, b) => a - b)[samples >> 1], result }));
// The language server keeps its streams open.
process.exit(0);

/** Ms of CPU time of one call, all threads counted, over calls that fill the time of a sample. */
async function measure(work: Task): Promise<number> {
  const from = process.cpuUsage();
  const until = performance.now() + sampleMs;
  let calls = 0;
  for (; calls === 0 || performance.now() < until; calls++) result = await work(text);
  const { user, system } = process.cpuUsage(from);
  return Number(((user + system) / 1_000 / calls).toPrecision(4));
}
