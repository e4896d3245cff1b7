import { runs } from '@polar-gosling/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressOf, ownerOf, runnerIdOf } from './addresses.ts';
import { createLineSplitter, parseUiLine, toLogLine, toTofuEvent } from './json-lines.ts';
import { parsePlan } from './plan-json.ts';
import { createFactCollector } from './run-facts.ts';
import { createRunLog } from './run-log.ts';

describe('lines of output', () => {
  it('are the same however the bytes were cut', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ unit: 'grapheme' }).map((one) => one.replaceAll(/[\r\n]/g, '')),
          { maxLength: 20 },
        ),
        fc.integer({ min: 1, max: 7 }),
        (texts, step) => {
          const lines = texts.filter((text) => text !== '');
          const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
          const seen: string[] = [];
          const splitter = createLineSplitter(10_000, (line) => seen.push(line));

          for (let at = 0; at < bytes.length; at += step) splitter.push(bytes.subarray(at, at + step));
          splitter.end();

          expect(seen).toEqual(lines);
        },
      ),
      { numRuns: runs(200) },
    );
  });

  it('are cut at the cap, and the next one is whole again', () => {
    const seen: string[] = [];
    const splitter = createLineSplitter(5, (line) => seen.push(line));

    splitter.push(Buffer.from('123'));
    splitter.push(Buffer.from('4567890\nabc\nrest'));
    splitter.end();

    expect(seen).toEqual(['12345', 'abc', 'rest']);
  });

  it('that are no JSON, or of an unknown type, are kept as log', () => {
    const raw = parseUiLine('panic: something');
    const unknown = parseUiLine('{"type":"ephemeral_action_started","@message":"new words"}');

    expect(toTofuEvent(raw)).toEqual({ kind: 'log', message: 'panic: something' });
    expect(toLogLine('panic: something', raw)).toBe('{"type":"log","@message":"panic: something"}');
    expect(toTofuEvent(unknown)).toEqual({ kind: 'log', message: 'new words' });
  });

  it('with a diagnostic tell its severity, text and address', () => {
    const text = `{"type":"diagnostic","@message":"Error: x","diagnostic":{"severity":"error","summary":"x","detail":"y","address":"a.b"}}`;

    const event = toTofuEvent(parseUiLine(text));

    expect(event).toEqual({ kind: 'diagnostic', severity: 'error', message: 'x: y', address: 'a.b' });
  });
});

describe('what an apply did', () => {
  it('counts a runner as applied only when all that was planned for it is there', () => {
    const collector = createFactCollector();
    for (const line of [
      planned('r1', 'runner', 'create'),
      planned('r1', 'start', 'create'),
      planned('r2', 'runner', 'create'),
      planned('r2', 'start', 'create'),
      planned('r3', 'runner', 'delete'),
      planned('r3', 'start', 'delete'),
      planned('r4', 'start', 'replace'),
      planned('r5', 'runner', 'noop'),
      completed('r1', 'runner', 'create'),
      completed('r1', 'start', 'create'),
      completed('r2', 'runner', 'create'),
      completed('r3', 'runner', 'delete'),
      completed('r3', 'start', 'delete'),
      completed('r4', 'start', 'delete'),
    ]) {
      collector.add(parseUiLine(line));
    }

    expect(collector.facts()).toMatchObject({
      errors: [],
      warnings: [],
      applied: [addressOf('r1')],
      removed: [addressOf('r3')],
    });
  });
});

describe('a plan', () => {
  it('has one change per runner, that of its machine', () => {
    const plan = parsePlan(
      planOf([
        ['r1', 'runner', ['create']],
        ['r1', 'start', ['create']],
        ['r2', 'runner', ['no-op']],
        ['r2', 'start', ['delete', 'create']],
        ['r3', 'runner', ['delete', 'create']],
        ['r3', 'start', ['no-op']],
      ]),
    );

    expect(plan.changes).toEqual([
      { address: addressOf('r1'), runnerId: 'r1', actions: ['create'] },
      { address: addressOf('r2'), runnerId: 'r2', actions: ['no-op'] },
      { address: addressOf('r3'), runnerId: 'r3', actions: ['delete', 'create'] },
    ]);
    expect(plan.summary).toEqual({ add: 2, change: 0, destroy: 1 });
    expect(plan.hasChanges).toBe(true);
  });

  it('holds a runner to be gone when no part of its machine is left, and tells when some are', () => {
    const at = (id: string, type: string) => `module.runner["${id}"].${type}.runner[0]`;
    const change = (address: string, action: string) => ({
      address,
      mode: 'managed',
      change: { actions: [action] },
    });
    const [task, service] = ['aws_ecs_task_definition', 'aws_ecs_service'];
    const ofTask = at('half', task);

    const plan = parsePlan(
      JSON.stringify({
        format_version: '1.2',
        resource_changes: [
          ...[change(ofTask, 'create'), change(at('half', service), 'no-op')],
          ...[change(at('all', task), 'create'), change(at('all', service), 'create')],
          change(at('going', service), 'delete'),
        ],
        resource_drift: [
          ...[
            change(ofTask, 'delete'),
            change(at('all', task), 'delete'),
            change(at('all', service), 'delete'),
          ],
          ...[change(at('going', task), 'delete'), change(at('unwanted', service), 'delete')],
        ],
      }),
    );

    expect(plan.gone).toEqual(['all', 'unwanted']);
    expect(plan.changes).toEqual([
      { address: addressOf('half'), runnerId: 'half', actions: ['no-op', 'create'] },
      { address: addressOf('all'), runnerId: 'all', actions: ['create'] },
      { address: addressOf('going'), runnerId: 'going', actions: ['delete'] },
    ]);
  });

  it('is kept without any value', () => {
    const text = planOf([['r1', 'runner', ['create']]], {
      after: { input: 'hush' },
      before: { input: 'hush' },
    });
    const whole = { ...JSON.parse(text), variables: { runners: { value: 'hush' } }, planned_values: 'hush' };

    const { redacted } = parsePlan(JSON.stringify(whole));

    expect(JSON.stringify(redacted)).not.toContain('hush');
    expect(redacted).toMatchObject({ resource_changes: [{ change: { actions: ['create'] } }] });
  });
});

describe('addresses', () => {
  it('lead back to the runner', () => {
    expect(runnerIdOf(addressOf('01jx'))).toBe('01jx');
    expect(ownerOf(`${addressOf('01jx')}.terraform_data.runner`)).toBe(addressOf('01jx'));
    expect(runnerIdOf('module.other["01jx"].terraform_data.runner')).toBeUndefined();
    expect(runnerIdOf('module.runner["01jx"]x')).toBeUndefined();
    expect(ownerOf('check.entries')).toBe('check.entries');
  });
});

describe('the log of a run', () => {
  it('is masked, and bounded but for its errors', () => {
    const log = createRunLog(30, (text) => text.replaceAll('hush', '[secret]'));

    log.add('"a hush"', false);
    log.add('"one that has no room any more"', false);
    log.add('"an error that is kept"', true);

    const lines = Buffer.from(log.bytes()).toString('utf8').trimEnd().split('\n');
    expect(lines).toEqual([
      '"a [secret]"',
      '{"type":"log","@message":"the log is cut here"}',
      '"an error that is kept"',
    ]);
  });
});

function planned(runner: string, name: string, action: string): string {
  const addr = `${addressOf(runner)}.terraform_data.${name}`;
  return JSON.stringify({ type: 'planned_change', '@message': '', change: { resource: { addr }, action } });
}

function completed(runner: string, name: string, action: string): string {
  const addr = `${addressOf(runner)}.terraform_data.${name}`;
  return JSON.stringify({ type: 'apply_complete', '@message': '', hook: { resource: { addr }, action } });
}

function planOf(
  changes: readonly (readonly [string, string, readonly string[]])[],
  more: object = {},
): string {
  return JSON.stringify({
    format_version: '1.2',
    resource_changes: changes.map(([runner, name, actions]) => ({
      address: `${addressOf(runner)}.terraform_data.${name}`,
      change: { actions, ...more },
    })),
  });
}
