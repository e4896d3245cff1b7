import { createSystemClock, Secret } from '@polar-gosling/kernel';
import type { SqsCalls } from '../calls.ts';
import { createSdkCalls, type SqsConnection, type SqsProtocol } from '../sdk-calls.ts';

/** The emulator of this run, as `POLAR_SQS_URL` names it. */
export function engineConnection(
  env: Readonly<Record<string, string | undefined>>,
  protocol: SqsProtocol = 'json',
): SqsConnection | undefined {
  const endpoint = env['POLAR_SQS_URL'];
  if (endpoint === undefined || endpoint === '') return undefined;
  const credentials = { accessKeyId: 'polartest', secretAccessKey: new Secret('polartestsecret') };
  return { region: 'us-east-1', endpoint, protocol, credentials };
}

/** Calls to an engine, and a wait until none is under way. */
export interface WatchedCalls {
  readonly calls: SqsCalls;
  settled(): Promise<void>;
}

export function watchedCalls(connection: SqsConnection): WatchedCalls {
  const underWay = new Set<Promise<unknown>>();
  const real = createSdkCalls(connection, { clock: createSystemClock() });
  const calls = new Proxy(real, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]) => {
        const answer: unknown = Reflect.apply(member, target, args);
        if (!(answer instanceof Promise)) return answer;
        const call: Promise<unknown> = answer.finally(() => underWay.delete(call));
        underWay.add(call);
        call.catch(() => undefined);
        return answer;
      };
    },
  });
  return {
    calls,
    async settled() {
      while (underWay.size > 0) {
        await Promise.allSettled([...underWay]);
        for (let turn = 0; turn < 3; turn++) {
          await new Promise<void>((resolve) => {
            setImmediate(resolve);
          });
        }
      }
    },
  };
}
