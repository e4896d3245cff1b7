// Starts the real engines that tests use, each on a free port of its own, and ends them by their pid.
import { createServer } from 'node:net';
import { join } from 'node:path';
import { root, runTool } from './ensure-deps.mjs';

/** Variable that tells the tests where it is, and the script that starts it. */
const engines = [
  { name: 'DynamoDB Local', variable: 'POLAR_DYNAMODB_URL', script: 'start-dynamodb-local.sh' },
  { name: 'ElasticMQ', variable: 'POLAR_SQS_URL', script: 'start-elasticmq.sh' },
  { name: 'versitygw', variable: 'POLAR_S3_URL', script: 'start-s3.sh' },
  { name: 'moto', variable: 'POLAR_AWS_URL', script: 'start-moto.sh' },
  // Whether a machine lets one run is not for its programs to decide: without it those tests are skipped, also in CI.
  { name: 'Docker', variable: 'POLAR_DOCKER_URL', script: 'start-dockerd.sh', isOptional: true },
];

/**
 * Fetches and starts all at once. `ready` resolves with the variables of those that run and the names of those that
 * cannot be had; one whose variable is set already is used as it is and never ended. `stop` ends what was started.
 */
export function startEngines() {
  const started = [];
  const ready = Promise.all(engines.map((engine) => startOne(engine, started))).then((found) => ({
    env: Object.fromEntries(found.filter(({ url }) => url).map(({ variable, url }) => [variable, url])),
    missing: found.filter(({ url, isOptional }) => !url && !isOptional).map(({ name }) => name),
  }));
  const stop = async () => {
    await ready;
    await Promise.all(started.map(({ script, port }) => bash([script, 'stop', String(port)]).done));
  };
  return { ready, stop };
}

async function startOne({ script, ...engine }, started) {
  const { name, variable } = engine;
  if (process.env[variable]) return { ...engine, url: process.env[variable] };
  try {
    const port = await freePort();
    started.push({ script, port });
    const { child, done } = bash([script, String(port)]);
    let url = '';
    child.stdout.on('data', (chunk) => (url += chunk));
    return (await done) === 0 ? { ...engine, url: url.trim() } : engine;
  } catch (error) {
    process.stderr.write(`${name}: ${error.message}\n`);
    return engine;
  }
}

function bash([script, ...args]) {
  return runTool('bash', [join(root, 'scripts/engines', script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
