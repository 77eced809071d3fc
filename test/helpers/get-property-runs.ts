/** On PostgreSQL, each case that opens a store takes ten times as long. */
const POSTGRES_SHARE = 3;

/**
 * Returns the number of cases a property test tries: all of them in `npm run test:properties`, and in the normal suite
 * `short`, by default a tenth (at least 20). In the normal suite on PostgreSQL, a third of that.
 */
export function getPropertyRuns(thorough: number, short = Math.max(20, Math.ceil(thorough / 10))): { numRuns: number } {
  if (process.env.MODE === "properties") return { numRuns: thorough };
  return { numRuns: process.env.KNOCK_TEST_STORE === "postgres" ? Math.ceil(short / POSTGRES_SHARE) : short };
}
