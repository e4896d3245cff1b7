import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Variant } from './bench.ts';

export interface Measured {
  readonly value: number;
  /** Other figures of the same run. */
  readonly more?: Readonly<Record<string, number>>;
  /** What the process made of its work: the same in each run, or it was not the same work. */
  readonly result: string;
}

const longestRunMs = 10 * 60_000;
// The shell's own `time` counts the children that the process waited for, which Node cannot ask for; it goes to
// descriptor 3, and to descriptor 4 what the program itself says.
const timed = 'TIMEFORMAT="%U %S %R"; { time "$@" 2>&4; } 4>&2 2>&3';

/** Starts a variant in a process of its own and waits for its figure. */
export async function runVariant(variant: Variant, signal: AbortSignal): Promise<Measured> {
  const isSeenFromOutside = variant.measure !== 'reported';
  const [program, ...args] = isSeenFromOutside
    ? (['bash', '-c', timed, 'bash', ...variant.command] as const)
    : variant.command;
  const child = spawn(program, args, {
    ...(variant.cwd !== undefined && { cwd: variant.cwd }),
    env: { ...process.env, ...variant.env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    signal: AbortSignal.any([signal, AbortSignal.timeout(longestRunMs)]),
  });
  const texts = child.stdio.slice(1).map(collect);
  const [code] = (await once(child, 'close')) as [number | null];
  const [output = '', complaint = '', times = ''] = await Promise.all(texts);
  if (code !== 0)
    throw new Error(`${variant.name} ended with ${code}:\n${(complaint || output).slice(-2_000)}`);
  if (variant.measure === 'reported') return readReport(variant, output);
  return { value: readTimes(variant.measure, times), result: output.trimEnd().split('\n').at(-1) ?? '' };
}

async function collect(stream: unknown): Promise<string> {
  let text = '';
  for await (const chunk of stream as AsyncIterable<Buffer>) text += chunk.toString('utf8');
  return text;
}

function readReport(variant: Variant, output: string): Measured {
  const last = output.trimEnd().split('\n').at(-1) ?? '';
  try {
    const { value, result, more } = JSON.parse(last) as Partial<Measured>;
    if (typeof value === 'number' && value > 0 && result !== undefined) {
      return { value, result: JSON.stringify(result), ...(more && { more }) };
    }
  } catch (cause) {
    throw new Error(`${variant.name} printed no JSON: ${last.slice(0, 200)}`, { cause });
  }
  throw new Error(`${variant.name} printed no value and result: ${last.slice(0, 200)}`);
}

function readTimes(measure: 'cpu' | 'wall', text: string): number {
  const [user = Number.NaN, system = Number.NaN, real = Number.NaN] = text.trim().split(' ').map(Number);
  return Math.round((measure === 'cpu' ? user + system : real) * 1_000);
}
