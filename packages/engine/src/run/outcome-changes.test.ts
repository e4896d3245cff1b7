import type { RunnerState } from '@polar-gosling/domain';
import type { RunnerRow } from '@polar-gosling/ports/store';
import type { TofuOutcome } from '@polar-gosling/ports/tofu';
import { aRunner } from '@polar-gosling/testkit';
import { describe, expect, it } from 'vitest';
import { outcomeChanges } from './outcome-changes.ts';

type Ended = Exclude<TofuOutcome, { kind: 'unknown' }>;

const failed = (over: { applied?: string[]; removed?: string[] } = {}): Ended => ({
  kind: 'failed',
  class: 'fatal',
  summary: 'no',
  detail: '',
  applied: [],
  removed: [],
  ...over,
});
const ok = { kind: 'ok', serial: 1 } as Ended;

function after(
  state: RunnerState,
  outcome: Ended,
  { inState = [], cloud = 'local' }: { inState?: readonly string[]; cloud?: string } = {},
): string | undefined {
  const row: RunnerRow = aRunner({ state, cloud_provider: cloud });
  const work = { kind: 'create', targets: [row], wanted: [row] } as const;
  const [change] = outcomeChanges({ work, rows: [row], outcome, inState: new Set(inState) });
  return change && `${change.to} ${change.made ?? false}${change.isDoubtful ? ' doubtful' : ''}`;
}

const { address } = aRunner({});

describe('what a create means for its runner', () => {
  it('is a boot where nothing was heard yet', () => {
    expect(after('provisioning', ok)).toBe('booting true');
    expect(after('provisioning', failed({ applied: [address] }))).toBe('booting true');
  });

  it.each(['booting', 'idle', 'active', 'draining', 'failed', 'terminating'] as const)(
    'never takes back that it is %s meanwhile',
    (state) => {
      expect(after(state, ok)).toBe(`${state} true`);
    },
  );

  it('is an end of its own for what was made by half, after its jobs', () => {
    expect(after('provisioning', failed(), { inState: [address] })).toBe('failed true');
    expect(after('active', failed(), { inState: [address] })).toBe('draining true');
  });

  it('closes what was not made, but nothing whose agent is at work', () => {
    expect(after('provisioning', failed())).toBe('terminated false');
    expect(after('active', failed())).toBe('active true');
  });

  it('leaves in doubt what a cloud may have made though it said no', () => {
    expect(after('provisioning', failed(), { cloud: 'aws' })).toBe('failed true doubtful');
    expect(after('active', failed(), { cloud: 'aws' })).toBe('active true');
    expect(after('provisioning', failed({ applied: [address] }), { cloud: 'aws' })).toBe('booting true');
  });
});
