const [, , first] = process.argv;

if (first === '--version' || first === '-V') {
  const { goslingVersion } = await import('./version.ts');
  process.stdout.write(`gosling ${goslingVersion}\n`);
} else {
  const { runProcess } = await import('./cli/run-process.ts');
  await runProcess(process.argv.slice(2));
}
