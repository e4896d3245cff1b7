// Stands for gitlab-runner in the agent's tests: its signals and its port, no GitLab. Jobs come from `jobs.json`
// ({"running": [{"id", "project", "path"}], "total": n, "broken": n}) in the working directory.
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';

const argv = process.argv.slice(2);
if (argv[0] === '--version') {
  process.stdout.write('Version:      18.2.0\n');
  process.exit(0);
}
const option = (name) => argv[argv.indexOf(name) + 1];
const config = readFileSync(option('--config'), 'utf8');
const directory = option('--working-directory');
const [, host, port] = /listen_address = "([^:]+):(\d+)"/.exec(config);
const jobs = () => {
  try {
    return JSON.parse(readFileSync(path.join(directory, 'jobs.json'), 'utf8'));
  } catch {
    return { running: [], total: 0, broken: 0 };
  }
};
const say = (fields) => process.stderr.write(`${JSON.stringify(fields)}\n`);
const server = createServer((request, response) => {
  const { running, total, broken, crash } = jobs();
  if (crash) process.exit(3);
  for (const job of running)
    say({ level: 'info', msg: 'Added job to processing list', job: job.id, project: job.project });
  if (request.url === '/metrics') {
    response.end(
      `gitlab_runner_jobs_total{runner="x"} ${total}\ngitlab_runner_failed_jobs_total{failure_reason="runner_system_failure",runner="x"} ${broken}\n`,
    );
  } else {
    response.end(
      running.map((job) => `url=${job.path}/-/jobs/${job.id} state=running stage=step_script\n`).join(''),
    );
  }
});
server.listen(Number(port), host, () => say({ level: 'info', msg: 'fake runner is up', pid: process.pid }));
writeFileSync(path.join(directory, 'fake.pid'), String(process.pid));
// biome-ignore lint/style/noProcessEnv: what it was given is what the test asks
writeFileSync(path.join(directory, 'fake.env'), JSON.stringify(process.env));

process.on('SIGQUIT', () => {
  say({ level: 'info', msg: 'graceful shutdown' });
  setInterval(() => jobs().running.length === 0 && process.exit(0), 50);
});
process.on('SIGTERM', () => process.exit(0));
