import { getTestTools } from './test-tools.ts';

/** Gets what tests need ahead of them: .ci/run does it beside its other checks. */
getTestTools((line) => console.log(line)).catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
