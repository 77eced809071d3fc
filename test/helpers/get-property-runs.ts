/**
 * Returns the number of cases a property test tries: all of them in `npm run test:properties`, and in the normal suite
 * `short`, by default a tenth (at least 20).
 */
export function getPropertyRuns(thorough: number, short = Math.max(20, Math.ceil(thorough / 10))): { numRuns: number } {
  return { numRuns: process.env.MODE === "properties" ? thorough : short };
}
