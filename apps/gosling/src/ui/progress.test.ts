import type { Clock } from '@polar-gosling/kernel';
import { describe, expect, it } from 'vitest';
import { createProgress } from './progress.ts';

function aStage(options: { isTty: boolean; color?: boolean; json?: boolean; columns?: number }) {
  const written: string[] = [];
  let now = 0;
  let wake: () => void = () => undefined;
  const clock: Clock = {
    now: () => now,
    monotonic: () => now,
    sleep: (_ms, signal) =>
      new Promise((resolve, reject) => {
        wake = resolve;
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      }),
  };
  const progress = createProgress({
    out: { write: (text) => written.push(text), columns: options.columns },
    clock,
    isTty: options.isTty,
    color: options.color ?? false,
    json: options.json ?? false,
  });
  const advance = async (ms: number) => {
    now += ms;
    wake();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { progress, advance, text: () => written.join('') };
}

describe('progress', () => {
  it('prints one line per event when piped', async () => {
    const { progress, advance, text } = aStage({ isTty: false });

    const stage = progress.stage('sync');
    stage.note('commit abc');
    await advance(1_250);
    stage.done('3 Eggs');

    expect(text()).toBe('… sync\n  commit abc\n✓ sync: 3 Eggs (1.3s)\n');
  });

  it('prints JSON objects that a program can read', async () => {
    const { progress, advance, text } = aStage({ isTty: true, json: true });

    const stage = progress.stage('plan');
    await advance(400);
    stage.fail('tofu is missing');
    stage.note('said too late');

    expect(
      text()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { stage: 1, name: 'plan', event: 'started', elapsed_ms: 0 },
      { stage: 1, name: 'plan', event: 'failed', elapsed_ms: 400, detail: 'tofu is missing' },
    ]);
  });

  it('draws the open stages anew on a terminal and leaves ended ones above', async () => {
    const { progress, advance, text } = aStage({ isTty: true });

    const first = progress.stage('boot');
    const second = progress.stage('job');
    await advance(100);
    first.done();
    second.done('green');

    expect(text()).toContain('⠙ boot 0.1s');
    expect(text()).toContain('\u001b[1A');
    expect(text().endsWith('✓ job: green 0.1s\n')).toBe(true);
  });

  it('shows how much came in place of what it told before, and as numbers for a program', async () => {
    const [live, plain, json] = [{ isTty: true }, { isTty: false }, { isTty: false, json: true }].map(aStage);
    for (const each of [live, plain, json]) {
      const stage = each?.progress.stage('fetching');
      stage?.received({ received: 512, total: 2_048 });
      stage?.received({ received: 1_024 });
      stage?.done();
      stage?.received({ received: 9 });
    }

    expect(live?.text()).toContain('⠋ fetching: 0.5 of 2.0 KiB 0.0s');
    expect(live?.text()).toContain('⠋ fetching: 1.0 KiB 0.0s');
    expect(live?.text().endsWith('✓ fetching 0.0s\n')).toBe(true);
    expect(plain?.text()).toBe('… fetching\n✓ fetching (0.0s)\n');
    const events = (json?.text() ?? '')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.slice(1, -1)).toEqual([
      {
        stage: 1,
        name: 'fetching',
        event: 'received',
        elapsed_ms: 0,
        received_bytes: 512,
        total_bytes: 2_048,
      },
      { stage: 1, name: 'fetching', event: 'received', elapsed_ms: 0, received_bytes: 1_024 },
    ]);
  });

  it('cuts live lines to the width of the terminal, so that erasing them leaves nothing', () => {
    const { progress, text } = aStage({ isTty: true, columns: 24 });

    progress.stage('a stage with a name far longer than the terminal is wide');

    const lines = text().split('\n');
    expect(lines.every((line) => line.replace(/^.*\r/, '').length < 24)).toBe(true);
    progress.close();
  });

  it('lets no escape sequence of a job log through to the terminal', () => {
    const { progress, text } = aStage({ isTty: false });

    progress.line('hello\u001b]0;title\u0007 \u001b[31mred\u001b[0m\rworld');

    expect(text()).toBe('hello red world\n');
  });

  it('writes the same stages coloured only when asked', () => {
    const plain = aStage({ isTty: false });
    const coloured = aStage({ isTty: false, color: true });

    plain.progress.stage('x').done();
    coloured.progress.stage('x').done();

    expect(plain.text()).not.toContain('\u001b');
    expect(coloured.text()).toContain('\u001b[32m✓');
  });
});
