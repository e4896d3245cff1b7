import { launchBesideRemoval } from '../../e2e/stores/beside-removal.ts';

// `beside.ts PROGRAM MIRROR`: prints ms from a job to the request for its machine, while the removal of another machine of
// the same Egg hangs in the cloud.
const [program = '', mirror = ''] = process.argv.slice(2);
const { createdAfterMs, ...result } = await launchBesideRemoval({ program, mirror });
process.stdout.write(`${JSON.stringify({ value: createdAfterMs, result })}\n`);
