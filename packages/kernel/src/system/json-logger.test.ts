import { describe, expect, it } from 'vitest';
import type { Clock } from '../clock.ts';
import { defineErrors } from '../errors.ts';
import { createMasker } from '../masking/masker.ts';
import { Secret } from '../secret.ts';
import { createJsonLogger, type LogLevel } from './json-logger.ts';

const clock: Clock = { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() };
const testErrors = defineErrors('TEST', {
  broken: { message: (p: { what: string }) => `${p.what} broke`, http: 500, retry: 'never' },
});

function loggerInto(lines: string[], level: LogLevel = 'debug', format: 'json' | 'pretty' = 'json') {
  const masker = createMasker();
  masker.add('very-secret-value');
  return createJsonLogger({ write: (line) => lines.push(line), masker, clock, level, format });
}

describe('createJsonLogger', () => {
  it('writes one JSON line with time, level, message and fields', () => {
    const lines: string[] = [];

    loggerInto(lines).with({ egg: 'my-egg' }).info('runner is idle', { runnerId: 'r1', jobId: undefined });

    expect(lines).toEqual([
      '{"time":"1970-01-01T00:00:00.000Z","level":"info","message":"runner is idle","egg":"my-egg","runnerId":"r1"}\n',
    ]);
  });

  it('is silent below its level', () => {
    const lines: string[] = [];
    const log = loggerInto(lines, 'warn');

    log.debug('a');
    log.info('b');
    log.warn('c');
    log.error('d');

    expect(lines.map((line) => JSON.parse(line).message)).toEqual(['c', 'd']);
  });

  it('shows code, message and causes of an error, and the stack only of one that is not ours', () => {
    const lines: string[] = [];
    const error = testErrors.broken({ what: 'it' }, { cause: new TypeError('no such thing') });

    loggerInto(lines).error('failed', { error });

    const shown = JSON.parse(lines[0] ?? '').error;
    expect(shown).toMatchObject({ code: 'TEST_BROKEN', message: 'it broke' });
    expect(shown.stack).toBeUndefined();
    expect(shown.cause.message).toBe('TypeError: no such thing');
    expect(shown.cause.stack[0]).toMatch(/^at /);
  });

  it('ends a circle of causes', () => {
    const lines: string[] = [];
    const error = new Error('round');
    error.cause = error;

    loggerInto(lines).error('failed', { error });

    expect(lines).toHaveLength(1);
  });

  it('masks known values everywhere and stays JSON', () => {
    const lines: string[] = [];
    const error = new Error('very-secret-value was refused');

    loggerInto(lines).error('say very-secret-value', { reason: '-----BEGIN PRIVATE KEY-----', error });

    expect(lines.join('')).not.toContain('very-secret-value');
    expect(JSON.parse(lines[0] ?? '').reason).toBe('***MASKED***');
  });

  it('never shows a Secret given as a thrown value', () => {
    const lines: string[] = [];

    loggerInto(lines).warn('odd', { error: new Secret('another-hidden-one') });

    expect(lines.join('')).not.toContain('another-hidden-one');
  });

  it('writes a readable line when pretty', () => {
    const lines: string[] = [];

    loggerInto(lines, 'info', 'pretty').warn('retrying', {
      attempt: 2,
      error: testErrors.broken({ what: 'x' }),
    });

    expect(lines).toEqual(['00:00:00.000 WARN  retrying attempt=2\n    TEST_BROKEN: x broke\n']);
  });
});
