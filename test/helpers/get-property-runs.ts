/**
 * Returns the number of cases a property test tries: a tenth of `thorough` (at least 20) in the normal suite, and all of
 * them in `npm run test:properties`.
 */
export function getPropertyRuns(thorough: number): { numRuns: number } {
  return { numRuns: process.env.MODE === "properties" ? thorough : Math.max(20, Math.ceil(thorough / 10)) };
}
