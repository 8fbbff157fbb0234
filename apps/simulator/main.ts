import { startAlone } from './alone.js';

await startAlone(process.env, {
  print: (line) => process.stdout.write(`${line}\n`),
  complain: (line) => {
    process.stderr.write(`${line}\n`);
    process.exitCode = 1;
  },
  onStopSignal: (stop) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  },
});
