import { stripVTControlCharacters } from 'node:util';
import type { CodedError } from '@polar-gosling/kernel';
import {
  type TofuCheck,
  type TofuOutcome,
  type TofuStart,
  type TofuWanted,
  tofuErrors,
} from '@polar-gosling/ports/tofu';
import { z } from 'zod';
import { checksAfterApply } from './checks.ts';
import { classifyFailure } from './classify.ts';
import type { ProcessEnd } from './process.ts';
import type { RunFacts } from './run-facts.ts';

const detailLetters = 4000;
const lockWords = /acquiring the state lock/i;
const unreadable: readonly (readonly [RegExp, string])[] = [
  [
    /decryption failed for all provided methods/,
    'no passphrase of the secret store/state-keys opens it; put the one it was encrypted with back there',
  ],
  [
    /unencrypted payload without unencrypted method/,
    'it lies in clear where it must be encrypted; find out who put it there',
  ],
];

export interface CommandResult {
  /** Wall clock ms. */
  readonly startedAt: number;
  readonly end: ProcessEnd;
  readonly facts: RunFacts;
  /** End of the error output. */
  readonly stderr: string;
}

/** What an ended apply means. */
export function decideOutcome(
  { end, facts, stderr }: CommandResult,
  state: {
    serial?: number;
    lineage?: string;
    checks: readonly TofuCheck[];
    provider: TofuWanted['provider'];
  },
): TofuOutcome {
  const { applied, removed } = facts;
  const { checks: planned, provider, ...head } = state;
  if (end.code === 0) {
    const checks = checksAfterApply(planned, facts.warnings);
    return { kind: 'ok', ...head, applied, removed, checks, starts: startsOf(facts.outputs) };
  }
  if (end.stoppedFor !== undefined) {
    return { kind: 'unknown', reason: `OpenTofu was stopped: ${end.stoppedFor}` };
  }
  if (end.code === null) return { kind: 'unknown', reason: `OpenTofu was ended by ${end.signal}` };
  const { summary, detail } = describeFailure({ end, facts, stderr });
  return {
    kind: 'failed',
    class: classifyFailure(`${summary} ${detail}`, provider),
    summary,
    detail,
    applied,
    removed,
  };
}

const Starts = z.record(z.string(), z.object({ id: z.string(), url: z.string() }));

/** Serverless runners that are to be invoked; there are none where the bundle has no such output. */
function startsOf(outputs: Readonly<Record<string, unknown>>): readonly TofuStart[] {
  const starts = Starts.safeParse(outputs['starts']);
  if (!starts.success) return [];
  return Object.entries(starts.data).map(([runnerId, container]) => ({ runnerId, container }));
}

/** Did it end because somebody holds the lock of the state? */
export function isLockedOut(result: CommandResult): boolean {
  if (result.end.code === 0) return false;
  const { summary, detail } = describeFailure(result);
  return lockWords.test(`${summary} ${detail}`) && whyUnreadable(`${summary} ${detail}`) === undefined;
}

/** With a state in a file OpenTofu says this as the cause why it got no lock. */
function whyUnreadable(detail: string): string | undefined {
  return unreadable.find(([words]) => words.test(detail))?.[1];
}

/** The error of a command that should have planned. */
export function planError(result: CommandResult): CodedError {
  const { summary, detail } = describeFailure(result);
  const reason = whyUnreadable(`${summary} ${detail}`);
  if (reason !== undefined) return tofuErrors.stateUnreadable({ reason });
  if (!lockWords.test(`${summary} ${detail}`)) return tofuErrors.planFailed({ summary, detail });
  const named = (name: string) => new RegExp(`^[\\s│]*${name}:\\s*(.+)$`, 'm').exec(detail)?.[1] ?? 'unknown';
  return tofuErrors.locked({ path: named('Path'), who: named('Who'), since: named('Created') });
}

/** In plain text: a provider may colour what it says whatever OpenTofu was told. */
function describeFailure(result: Omit<CommandResult, 'startedAt'>): { summary: string; detail: string } {
  const { summary, detail } = failureOf(result);
  return { summary: stripVTControlCharacters(summary), detail: cut(stripVTControlCharacters(detail)) };
}

function failureOf({ end, facts, stderr }: Omit<CommandResult, 'startedAt'>) {
  const [first, ...others] = facts.errors;
  if (first !== undefined) {
    const more = others.map((one) => `${one.summary}: ${one.detail}`);
    return { summary: first.summary, detail: [first.detail, ...more].join('\n') };
  }
  const summary = end.code === null ? `it was ended by ${end.signal}` : `it ended with code ${end.code}`;
  return { summary, detail: stderr.trim() };
}

function cut(text: string): string {
  return text.length > detailLetters ? `${text.slice(0, detailLetters)}…` : text;
}
