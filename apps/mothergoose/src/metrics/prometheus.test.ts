import { createMasker } from '@polar-gosling/kernel';
import { describe, expect, it } from 'vitest';
import { createMetrics } from './prometheus.ts';

describe('the metrics', () => {
  it('say how long CI jobs waited and for what', async () => {
    const metrics = createMetrics(createMasker());

    metrics.jobWaited('starting_runner', 12);
    metrics.jobWaited('served_by_idle', 0.4);
    const text = await metrics.render();

    expect(text).toContain('job_wait_seconds_bucket{le="20",cause="starting_runner"} 1');
    expect(text).toContain('job_wait_seconds_bucket{le="10",cause="starting_runner"} 0');
    expect(text).toContain('job_wait_seconds_count{cause="served_by_idle"} 1');
  });

  it('say how long the stages of a boot took', async () => {
    const metrics = createMetrics(createMasker());

    metrics.bootStage('apply', 3);

    expect(await metrics.render()).toContain('runner_boot_seconds_sum{stage="apply"} 3');
  });

  it('count deliveries, tasks, runs and requests', async () => {
    const metrics = createMetrics(createMasker());

    metrics.delivery('denied');
    metrics.task('reconcile', 'retry');
    metrics.run('refused');
    metrics.tofuCache('providers', 'filled');
    metrics.request({ method: 'GET', route: '/eggs/:name', status: 404 }, 0.01);
    const text = await metrics.render();

    expect(text).toContain('gosling_webhook_deliveries_total{result="denied"} 1');
    expect(text).toContain('gosling_tasks_total{kind="reconcile",result="retry"} 1');
    expect(text).toContain('gosling_runs_total{result="refused"} 1');
    expect(text).toContain('gosling_tofu_cache_total{cache="providers",result="filled"} 1');
    expect(text).toContain(
      'gosling_http_request_seconds_count{method="GET",route="/eggs/:name",status="404"} 1',
    );
  });

  it('let the count of a state that is empty now go to 0', async () => {
    const metrics = createMetrics(createMasker());

    metrics.runners('a', { idle: 2 });
    metrics.runners('b', { idle: 1 });
    metrics.runners('a', { active: 2 });
    const text = await metrics.render();

    expect(text).toContain('gosling_runners{egg="a",state="idle"} 0');
    expect(text).toContain('gosling_runners{egg="a",state="active"} 2');
    expect(text).toContain('gosling_runners{egg="b",state="idle"} 1');
  });

  it('show the queue', async () => {
    const metrics = createMetrics(createMasker());

    metrics.queueDepth({ ready: 3, leased: 1, delayed: 2, buried: 4, oldestAgeMs: 2_500 });
    const text = await metrics.render();

    expect(text).toContain('gosling_queue_messages{state="ready"} 3');
    expect(text).toContain('gosling_queue_messages{state="leased"} 1');
    expect(text).toContain('gosling_queue_messages{state="delayed"} 2');
    expect(text).toContain('gosling_queue_messages{state="buried"} 4');
    expect(text).toContain('gosling_queue_oldest_seconds 2.5');
  });

  it('show nothing of a queue that does not answer', async () => {
    const metrics = createMetrics(createMasker());

    metrics.queueDepth({ ready: 3, leased: 1, delayed: 2, buried: 4, oldestAgeMs: 2_500 });
    metrics.queueDepth(undefined);
    const text = await metrics.render();

    expect(text).toContain('gosling_queue_messages');
    expect(text).not.toMatch(/^gosling_queue_(messages|oldest)/m);
  });

  it('count secrets that were given out after their time', async () => {
    const metrics = createMetrics(createMasker());

    metrics.staleSecret();
    metrics.staleSecret();

    expect(await metrics.render()).toContain('\ngosling_stale_secrets_total 2\n');
  });

  it('of two servers in one process do not mix', async () => {
    const one = createMetrics(createMasker());
    const other = createMetrics(createMasker());

    one.delivery('accepted');

    expect(await other.render()).not.toContain('result="accepted"');
  });
});
