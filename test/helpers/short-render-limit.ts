import { afterAll, beforeAll } from "vitest";
import { LIQUID_LIMITS } from "../../src/engine/liquid/liquid-limits.js";

/** Long enough for other renderings to end in time, while the processors are busy or the memory of the slow one is freed. */
const SHORT_LIMIT_MS = 400;

/** For tests in which every rendering reaches the limit. */
export const SHORTEST_LIMIT_MS = 100;

/**
 * Shortens the time limit of renderings for the tests of a file or a block, because each rendering that reaches it uses a
 * processor that long, twice.
 */
export function useShortRenderLimit(milliseconds = SHORT_LIMIT_MS): void {
  const { renderLimit } = LIQUID_LIMITS;
  beforeAll(() => {
    LIQUID_LIMITS.renderLimit = milliseconds;
  });
  afterAll(() => {
    LIQUID_LIMITS.renderLimit = renderLimit;
  });
}

const formatLimit = (milliseconds: number): string =>
  `rendering exceeds the time limit of ${milliseconds / 1_000} seconds`;

export const SHORT_TIME_LIMIT = formatLimit(SHORT_LIMIT_MS);
export const SHORTEST_TIME_LIMIT = formatLimit(SHORTEST_LIMIT_MS);
