import { readFileSync } from 'node:fs';
import { createGitlabSim } from './create-gitlab-sim.ts';
import { applySeed } from './seed.ts';
import { parseSimArguments } from './sim-arguments.ts';

// Entry of the process `gitlab-sim`. It prints one JSON line when it listens, and ends on SIGTERM or SIGINT.

try {
  const args = parseSimArguments(process.argv.slice(2));
  const sim = createGitlabSim({ withControlApi: args.withControlApi, longPollMs: args.longPollMs });
  const stop = () => void sim.close();
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  if (args.rateLimit !== undefined) sim.faults.setRateLimit({ perMinute: args.rateLimit });
  const { tlsCertFile, tlsKeyFile } = args;
  const { url } = await sim.listen({
    host: args.host,
    port: args.port,
    ...(tlsCertFile !== undefined &&
      tlsKeyFile !== undefined && {
        tls: { certPem: readFileSync(tlsCertFile, 'utf8'), keyPem: readFileSync(tlsKeyFile, 'utf8') },
      }),
  });
  const seed: unknown = args.seedFile === undefined ? {} : JSON.parse(readFileSync(args.seedFile, 'utf8'));
  process.stdout.write(`${JSON.stringify({ url, ...applySeed(sim, seed) })}\n`);
} catch (error) {
  process.stderr.write(`gitlab-sim: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
