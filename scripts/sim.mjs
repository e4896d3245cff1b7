// npm run sim -- --seeds N [--seed S] [--mode safety|liveness]: see scripts/sim/main.ts, which runs on the pinned Node.
import { ensureDeps, runTool } from './ensure-deps.mjs';

try {
  await ensureDeps();
  process.exitCode = await runTool('node', ['scripts/sim/main.ts', ...process.argv.slice(2)]).done;
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
