import type { RunnerEntry } from '@polar-gosling/ports/tofu';
import { createFakeClock, createSeededIds } from '@polar-gosling/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ControlPlane, createControlPlane } from '../testing/control-plane.ts';
import { addJob } from '../testing/gitlab-model.ts';
import { install } from '../testing/install.ts';
import { nestOf } from '../testing/nest-texts.ts';
import { cloudSettings, onAws, publishAgent } from '../testing/test-cloud.ts';

const minuteMs = 60_000;
const subnets = { 'eu-central-1a': 'subnet-1', 'eu-central-1b': 'subnet-2', 'eu-central-1c': 'subnet-3' };
const machine = ['    spot = "prefer"', '  }', '  resources {', '    instance_type = "m7i.large"'];
let plane: ControlPlane;
/** What the cloud was asked for, in order, and whether it has it. */
let asked: string[];
let has: (entry: RunnerEntry) => boolean;

beforeEach(async () => {
  const clock = createFakeClock();
  asked = [];
  const clouds = {
    ...cloudSettings.clouds,
    aws: { ...cloudSettings.clouds?.aws, subnets, securityGroups: [] },
  };
  plane = await createControlPlane({
    clock,
    ids: createSeededIds(1, clock),
    settings: { clouds },
    wrap: (deps) => ({
      ...deps,
      tofu: {
        ...deps.tofu,
        open(request, options) {
          const { entries, living } = request.wanted;
          const [text] = [...entries].filter(([id]) => !living?.has(id)).map(([, entry]) => entry);
          if (text === undefined) plane.tofu.nextApply = () => 'ok';
          else ask(JSON.parse(text));
          return deps.tofu.open(request, options);
        },
      },
    }),
  });
  plane.tofu.failureClass = 'fallback';
  plane.model.projects.set(1, 'group/app');
  await publishAgent(plane);
  await install(plane, nestOf({ app: { concurrent: 1, more: [...onAws, ...machine] } }));
  plane.start();
});

function ask(entry: RunnerEntry): void {
  asked.push(`${entry.instance_type} ${entry.zone?.slice(-1)} ${entry.spot ? 'spot' : 'ordinary'}`);
  plane.tofu.nextApply = () => (has(entry) ? 'ok' : 'fails_before');
}

const deployments = () => plane.recording.rows('deployments');

describe('a launch that finds no capacity', () => {
  it('is followed at once by one for the next choice of the order, and blames no deployment', async () => {
    has = ({ spot }) => spot === false;
    const job = addJob(plane.model, { projectId: 1, lastsMs: 60 * minuteMs });

    const tookMs = await plane.runUntil(() => job.status === 'running', 10 * minuteMs);
    await plane.stop();

    expect(asked).toEqual([
      ...['m7i.large a spot', 'm7i.large b spot', 'm7i.large c spot'],
      'm7i.large a ordinary',
    ]);
    expect(tookMs).toBeLessThanOrEqual(60_000);
    expect(await deployments()).toMatchObject([
      { state: expect.not.stringMatching('failed'), boots_failed: 0 },
    ]);
  });

  it('backs off when every choice was asked for in vain, and goes on with the order', async () => {
    has = () => false;
    addJob(plane.model, { projectId: 1, lastsMs: 60 * minuteMs });

    await plane.run(60 * minuteMs, 5_000);
    await plane.stop();

    expect(asked.slice(0, 7)).toEqual([
      ...['m7i.large a spot', 'm7i.large b spot', 'm7i.large c spot'],
      ...['m7i.large a ordinary', 'm7i.large b ordinary', 'm7i.large c ordinary'],
      'm7i.large a spot',
    ]);
    // A round, two more, and then after 1, 2, 4, 8, 15, 15 … minutes.
    expect(asked.length).toBeGreaterThanOrEqual(12);
    expect(asked.length).toBeLessThanOrEqual(15);
  });
});
