import { sha256Hex } from '@polar-gosling/kernel';
import {
  packBundle,
  type Tofu,
  type TofuOutcome,
  type TofuRunRequest,
  unpackBundle,
} from '@polar-gosling/ports/tofu';

/** OpenTofu with the one state of a long-lived set, in memory: its files are its resources. */
export interface FakeSetTofu {
  readonly tofu: Tofu;
  /** What was applied, by path. */
  state: ReadonlyMap<string, string>;
  serial: number;
  /** The tool in use. */
  sha256: string;
  /** `plan`, `look` (at a saved plan) and `apply`, in order. */
  readonly calls: string[];
  /** How the next apply goes; then `ok` again. */
  nextApply: TofuOutcome['kind'];
  /** States and plans are encrypted. */
  isEncrypted: boolean;
}

export function createFakeSetTofu(base: Tofu): FakeSetTofu {
  const world: FakeSetTofu = {
    tofu: {
      ...base,
      tool: async () => ({ ...tool, sha256: world.sha256 }),
      open: async (request) => openRun(world, request),
    },
    state: new Map(),
    serial: 0,
    sha256: sha256Hex('a tool'),
    calls: [],
    nextApply: 'ok',
    isEncrypted: true,
  };
  return world;
}

const tool = { path: '/bin/tofu', product: 'opentofu', version: '1.12.6', source: 'PATH' } as const;

function openRun(world: FakeSetTofu, request: TofuRunRequest): ReturnType<typeof runOf> {
  const { savedPlan, wanted } = request;
  const planned = savedPlan === undefined ? (wanted.files ?? new Map()) : unpackBundle(savedPlan);
  return runOf(world, { planned, isSaved: savedPlan !== undefined });
}

function runOf(world: FakeSetTofu, of: { planned: ReadonlyMap<string, string>; isSaved: boolean }) {
  const { planned, isSaved } = of;
  return {
    pid: 4711,
    bundle: () => planned,
    async plan() {
      world.calls.push(isSaved ? 'look' : 'plan');
      const add = [...planned.keys()].filter((path) => !world.state.has(path)).length;
      const destroy = [...world.state.keys()].filter((path) => !planned.has(path)).length;
      const isSame = ([path, text]: [string, string]) => (world.state.get(path) ?? text) === text;
      const change = [...planned].filter((one) => !isSame(one)).length;
      const head = world.serial === 0 ? {} : { serial: world.serial, lineage: 'l1' };
      const summary = { add, change, destroy };
      return { changes: [], hasChanges: add + change + destroy > 0, summary, redacted: {}, ...head };
    },
    savedPlan: async () => (world.isEncrypted ? packBundle(planned) : undefined),
    async apply(): Promise<TofuOutcome> {
      world.calls.push('apply');
      const kind = world.nextApply;
      world.nextApply = 'ok';
      if (kind === 'unknown') return { kind, reason: 'its process was killed' };
      const nothing = { applied: [], removed: [] };
      if (kind === 'failed')
        return { kind, class: 'fatal', summary: 'no such image', detail: '', ...nothing };
      world.state = planned;
      world.serial++;
      return { kind, serial: world.serial, lineage: 'l1', ...nothing };
    },
    stateList: async () => [],
    log: () => new TextEncoder().encode('{}\n'),
    dispose: async () => undefined,
  };
}
