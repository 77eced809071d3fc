import { afterAll, beforeAll } from "vitest";
import { LIQUID_LIMITS } from "../../src/engine/liquid/liquid-limits.js";

/** Shortens the time limit of renderings for the tests of a file, because each rendering that reaches it uses a processor that long. */
export function useShortRenderLimit(): void {
  const { renderLimit } = LIQUID_LIMITS;
  beforeAll(() => {
    LIQUID_LIMITS.renderLimit = 400;
  });
  afterAll(() => {
    LIQUID_LIMITS.renderLimit = renderLimit;
  });
}

export const SHORT_TIME_LIMIT = "rendering exceeds the time limit of 0.4 seconds";
