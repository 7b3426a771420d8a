/** `.ci/run` sets it: tests that take a minute run there, and are named as skipped elsewhere. */
export const runsAllTests = process.env['CAISSON_ALL_TESTS'] === '1';
