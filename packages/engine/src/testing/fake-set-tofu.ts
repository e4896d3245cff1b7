import { sha256Hex } from '@polar-gosling/kernel';
import {
  packBundle,
  type Tofu,
  type TofuOutcome,
  type TofuRunRequest,
  tofuErrors,
  unpackBundle,
} from '@polar-gosling/ports/tofu';

type Call = 'plan' | 'look' | 'apply';

/** OpenTofu with the one state of a long-lived set, in memory: its files are its resources. */
export interface FakeSetTofu {
  readonly tofu: Tofu;
  /** What was applied, by path. */
  state: ReadonlyMap<string, string>;
  serial: number;
  /** The tool in use: as the real one, it reads plans of its own version only. */
  version: string;
  sha256: string;
  /** `plan`, `look` (at a saved plan) and `apply`, in order. */
  readonly calls: Call[];
  /** How the next apply goes; then `ok` again. */
  nextApply: TofuOutcome['kind'];
  /** Every apply fails. */
  isBroken: boolean;
  /** States and plans are encrypted. */
  isEncrypted: boolean;
  /** What happens during the next call of that name. */
  during: Partial<Record<Call, () => Promise<unknown>>>;
}

export function createFakeSetTofu(base: Tofu): FakeSetTofu {
  const world: FakeSetTofu = {
    tofu: {
      ...base,
      tool: async () => ({ ...tool, version: world.version, sha256: world.sha256 }),
      open: async (request) => openRun(world, request),
    },
    state: new Map(),
    serial: 0,
    version: '1.12.6',
    sha256: sha256Hex('a tool'),
    calls: [],
    nextApply: 'ok',
    isBroken: false,
    isEncrypted: true,
    during: {},
  };
  return world;
}

const tool = { path: '/bin/tofu', product: 'opentofu', source: 'PATH' } as const;
/** Names in a saved plan who made it. */
const madeBy = '.version';

async function call(world: FakeSetTofu, name: Call): Promise<void> {
  world.calls.push(name);
  const { [name]: happens, ...others } = world.during;
  world.during = others;
  await happens?.();
}

function openRun(world: FakeSetTofu, { savedPlan, wanted }: TofuRunRequest) {
  let planned = wanted.files ?? new Map<string, string>();
  return {
    pid: 4711,
    bundle: () => planned,
    async plan() {
      await call(world, savedPlan === undefined ? 'plan' : 'look');
      if (savedPlan !== undefined) planned = readPlan(world, savedPlan);
      const add = [...planned.keys()].filter((path) => !world.state.has(path)).length;
      const destroy = [...world.state.keys()].filter((path) => !planned.has(path)).length;
      const isSame = ([path, text]: [string, string]) => (world.state.get(path) ?? text) === text;
      const change = [...planned].filter((one) => !isSame(one)).length;
      const head = world.serial === 0 ? {} : { serial: world.serial, lineage: 'l1' };
      const summary = { add, change, destroy };
      return { changes: [], hasChanges: add + change + destroy > 0, summary, redacted: {}, ...head };
    },
    savedPlan: async () =>
      world.isEncrypted ? packBundle(new Map([...planned, [madeBy, world.version]])) : undefined,
    async apply(): Promise<TofuOutcome> {
      await call(world, 'apply');
      const kind = world.isBroken ? 'failed' : world.nextApply;
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

function readPlan(world: FakeSetTofu, savedPlan: Uint8Array): ReadonlyMap<string, string> {
  const files = new Map(unpackBundle(savedPlan));
  const version = files.get(madeBy);
  files.delete(madeBy);
  if (version === world.version) return files;
  const summary = 'plan files cannot be transferred between different versions';
  throw tofuErrors.planFailed({ summary, detail: `${version} is not ${world.version}` });
}
