import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isObject } from '../http/fields.ts';
import { aSim, type SimUnderTest } from '../testing/a-sim.ts';
import { at } from '../testing/api-client.ts';
import { createHookReceiver, type HookReceiver } from '../testing/hook-receiver.ts';

let tested: SimUnderTest;
let receiver: HookReceiver;

beforeEach(async () => {
  tested = await aSim();
  receiver = await createHookReceiver();
});
afterEach(async () => {
  await tested.sim.close();
  await receiver.close();
});

function example(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../testdata/payloads/${name}.json`, import.meta.url), 'utf8'));
}

/** Every path of names in a JSON value; a list stands for its first item. */
function names(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.length === 0 ? [] : names(value[0], `${path}[]`);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    `${path}.${key}`,
    ...names(inner, `${path}.${key}`),
  ]);
}

/** What stands in one and not in the other; blocks that are null on either side are not compared. */
function difference(ours: unknown, theirs: unknown, skipped: readonly string[]) {
  const isSkipped = (name: string) =>
    skipped.some((prefix) => name === prefix || name.startsWith(`${prefix}.`));
  const [a, b] = [names(ours), names(theirs)];
  return {
    extra: a.filter((name) => !b.includes(name) && !isSkipped(name)),
    missing: b.filter((name) => !a.includes(name) && !isSkipped(name)),
  };
}

async function eventsOf(trigger: string): Promise<unknown[]> {
  const body = { url: receiver.url, push_events: false, [trigger]: true };
  await tested.api('POST', `/projects/${tested.projectId}/hooks`, { body });
  const { token } = await tested.newRunner();
  tested.sim.push(tested.projectId, { modified: ['README.md'] });
  await tested.api('POST', '/jobs/request', { body: { token, system_id: 'r_abcdefghij12' } });
  await tested.sim.hooksIdle();
  return receiver.received.map((one) => JSON.parse(one.body));
}

const none = { extra: [], missing: [] };

describe('the shape of', () => {
  it('a Job event is the documented one, before and after a runner took the job', async () => {
    const [created, pending, running] = await eventsOf('job_events');

    expect(difference(created, example('job_hook_created'), [])).toEqual(none);
    expect(difference(pending, example('job_hook_pending'), [])).toEqual(none);
    expect(difference(running, example('job_hook_running'), [])).toEqual(none);
    expect(at(pending, 'object_kind')).toBe('build');
  });

  it('a push event is the documented one', async () => {
    const [push] = await eventsOf('push_events');

    expect(difference(push, example('push_hook'), [])).toEqual(none);
  });

  it('a Pipeline event is the documented one', async () => {
    const events = await eventsOf('pipeline_events');

    const skipped = [
      '.merge_request',
      '.source_pipeline',
      '.object_attributes.variables[]',
      '.builds[].environment',
      '.builds[].runner',
    ];
    expect(difference(events.at(-1), example('pipeline_hook'), skipped)).toEqual(none);
  });

  it('a job, a hook, a runner and its managers in REST are the documented ones', async () => {
    await eventsOf('job_events');
    const get = async (path: string) => (await tested.api('GET', path)).body;
    const [job] = tested.sim.jobs();
    const [hook] = tested.sim.hooks(tested.projectId);
    const [runner] = tested.sim.runners();

    const jobBody = await get(`/projects/${tested.projectId}/jobs/${job?.id}`);
    const hookBody = await get(`/projects/${tested.projectId}/hooks/${hook?.id}`);
    const runnerBody = await get(`/runners/${runner?.id}`);
    const managers = await get(`/runners/${runner?.id}/managers`);

    expect(difference(jobBody, example('api_job_get'), ['.failure_reason', '.user']).missing).toEqual([]);
    expect(difference(hookBody, example('api_project_hook_get'), ['.custom_headers[]']).missing).toEqual([]);
    expect(difference(runnerBody, example('api_runner_get'), []).missing).toEqual([]);
    expect(difference(managers, example('api_runner_managers'), [])).toEqual(none);
  });

  it('the answer to a job request has every field a real runner needs', async () => {
    const { token } = await tested.newRunner();
    tested.sim.runPipeline(tested.projectId);

    const answer = await tested.api('POST', '/jobs/request', {
      body: { token, system_id: 'r_abcdefghij12' },
    });

    const theirs = example('coordinator_job_response_minimal_shell');
    expect(difference(answer.body, theirs, []).missing).toEqual([]);
  });
});
