import type { Engine } from '@polar-gosling/engine';
import { createMasker, createSystemClock, createSystemIds, silentLogger } from '@polar-gosling/kernel';
import type { QueueOperations } from '@polar-gosling/ports/queue';
import type { FastifyInstance } from 'fastify';
import { type AppDeps, createApp } from '../http/app.ts';
import { createMetrics } from '../metrics/prometheus.ts';

export const fakeTasks: QueueOperations = {
  sendDue: async () => undefined,
  giveBackAll: async () => undefined,
  stats: async () => ({ ready: 1, leased: 0, delayed: 0, buried: 1, oldestAgeMs: 1_500 }),
  buried: async () => ({
    items: [
      {
        id: 'dead-1',
        message: { v: 1, kind: 'reconcile', key: 'my-app', trace: 'x' },
        reason: 'five failures',
        buriedAt: 0,
        receives: 5,
      },
    ],
  }),
  redrive: async (id) => (id === 'dead-1' ? 'ok' : 'missing'),
  purge: async (id) => (id === 'dead-1' ? 'ok' : 'missing'),
};

/** What an app is made of, with nothing real behind it. */
export function testDeps(engine: Engine, given: Partial<AppDeps> = {}): AppDeps {
  const clock = createSystemClock();
  return {
    engine,
    tasks: fakeTasks,
    config: { listen: { isLoopback: true } },
    metrics: createMetrics(createMasker()),
    log: silentLogger,
    masker: createMasker(),
    clock,
    ids: createSystemIds(clock),
    version: '0.0.0-test',
    ...given,
  };
}

export function testApp(engine: Engine, given: Partial<AppDeps> = {}): FastifyInstance {
  return createApp(testDeps(engine, given));
}
