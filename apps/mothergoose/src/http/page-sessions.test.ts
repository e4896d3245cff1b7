import { Secret } from '@polar-gosling/kernel';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, expect, it } from 'vitest';
import { createPageSessions, type PageSessions } from './page-sessions.ts';

const clock = createFakeClock();
const token = new Secret('an API token');
let sessions: PageSessions;

beforeEach(() => {
  sessions = createPageSessions({ clock, ids: createSeededIds(1, clock) });
});

const codeOf = ({ path }: { path: string }) => path.replace('/login?code=', '');
const signIn = (code = codeOf(sessions.createLink(token))) => sessions.redeem(code)?.session ?? '';

it('trades a code once for a session that stands for its token', () => {
  const code = codeOf(sessions.createLink(token));

  expect(sessions.tokenOf(signIn(code))?.reveal()).toBe('an API token');
  expect(sessions.redeem(code)).toBeUndefined();
  expect(sessions.tokenOf(code)).toBeUndefined();
  expect(sessions.redeem('a guess')).toBeUndefined();
});

it('knows a code for ten minutes and a session for twelve hours', async () => {
  const code = codeOf(sessions.createLink(token));
  const session = signIn();
  await clock.advance(10 * 60_000);
  expect(sessions.redeem(code)).toBeUndefined();
  expect(sessions.tokenOf(session)).toBeDefined();

  await clock.advance(12 * 3_600_000);

  expect(sessions.tokenOf(session)).toBeUndefined();
});

it('keeps a bounded number: the oldest make room', () => {
  const first = codeOf(sessions.createLink(token));
  const others = Array.from({ length: 1_000 }, () => codeOf(sessions.createLink(token)));

  expect(sessions.redeem(first)).toBeUndefined();
  expect(sessions.redeem(others.at(-1) ?? '')).toBeDefined();
});
