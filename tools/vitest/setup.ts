import fc from 'fast-check';

// 100 runs of each property in `npm test`; `npm run nightly` asks for more.
fc.configureGlobal({ numRuns: Math.max(100, Number(process.env['POLAR_RUNS']) || 0) });
