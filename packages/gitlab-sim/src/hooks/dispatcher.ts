import type { HookFault } from '../faults.ts';
import type { SimContext } from '../sim-context.ts';
import type { Hook, HookDelivery } from '../state/hook.ts';
import { deliver, type HookMessage } from './delivery.ts';

/** Sends messages in the order of the events, one at a time per hook, unless a fault says otherwise. */
export interface HookDispatcher {
  enqueue(hook: Hook, message: HookMessage): void;
  /** Sends now and waits for the answer: for tests and resends. */
  sendNow(hook: Hook, message: HookMessage): Promise<HookDelivery>;
  /** Resolves when nothing is on its way any more. */
  idle(): Promise<void>;
}

const reorderWaitMs = 2_000;

export function createHookDispatcher(context: SimContext): HookDispatcher {
  const lastOf = new Map<number, Promise<unknown>>();
  const onTheWay = new Set<Promise<unknown>>();
  const held = new Map<number, () => void>();

  const track = (work: Promise<unknown>) => {
    onTheWay.add(work);
    void work.then(() => onTheWay.delete(work));
  };
  const append = (hook: Hook, message: HookMessage) => {
    const next = (lastOf.get(hook.id) ?? Promise.resolve()).then(() => deliver(context, hook, message));
    lastOf.set(hook.id, next);
    track(next);
  };
  const appendLater = (delayMs: number, send: () => void) => {
    // A closing simulator drops what was still held.
    track(context.clock.sleep(delayMs, context.signal).then(send, () => undefined));
  };
  const hold = (hook: Hook, message: HookMessage, waitMs: number) => {
    const release = () => {
      if (held.get(hook.id) !== release) return;
      held.delete(hook.id);
      append(hook, message);
    };
    held.set(hook.id, release);
    appendLater(waitMs, release);
  };
  return {
    enqueue(hook, message) {
      const fault = context.faults.takeHookFault(message.trigger);
      const release = held.get(hook.id);
      if (fault === undefined) append(hook, message);
      else applyFault(fault, { hook, message, append, appendLater, hold, context });
      release?.();
    },
    sendNow: (hook, message) => deliver(context, hook, message),
    async idle() {
      while (onTheWay.size > 0) await Promise.allSettled(onTheWay);
    },
  };
}

function applyFault(
  fault: HookFault,
  with_: {
    hook: Hook;
    message: HookMessage;
    context: SimContext;
    append: (hook: Hook, message: HookMessage) => void;
    appendLater: (delayMs: number, send: () => void) => void;
    hold: (hook: Hook, message: HookMessage, waitMs: number) => void;
  },
): void {
  const { hook, message, context, append, appendLater, hold } = with_;
  switch (fault.action) {
    case 'drop':
      context.world.deliveries.push(dropped(context, hook, message));
      return;
    case 'duplicate':
      append(hook, message);
      append(hook, message);
      return;
    case 'delay':
      appendLater(fault.delayMs ?? reorderWaitMs, () => append(hook, message));
      return;
    case 'reorder':
      hold(hook, message, fault.delayMs ?? reorderWaitMs);
      return;
  }
}

function dropped(context: SimContext, hook: Hook, message: HookMessage): HookDelivery {
  return {
    id: context.world.nextId('delivery'),
    hookId: hook.id,
    projectId: hook.projectId,
    trigger: message.trigger,
    url: hook.url,
    messageId: message.id,
    kind: message.kind,
    headers: {},
    body: message.body,
    atMs: context.clock.now(),
    durationMs: 0,
    outcome: 'dropped',
    status: undefined,
    responseBody: '',
    error: 'dropped by a fault',
  };
}
