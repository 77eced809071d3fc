import type { ExpectedMessage, ExpectedSkip } from "./engine-types.js";

/** The result of a matcher, as `expect.extend` requires. */
export interface MatcherResult {
  pass: boolean;
  message: () => string;
}

/** The matchers of `expect(engine)`. Both return promises: always await them. */
export interface EngineMatchers {
  /** Expects that a message with all given properties was created. */
  toHaveSent(expected: ExpectedMessage): Promise<void>;
  /** Expects that a step was skipped, or that a run was stopped before its first step. */
  toHaveSkipped(expected: ExpectedSkip): Promise<void>;
}

/** The functions for `expect.extend`. */
export type MatcherFunctions = {
  toHaveSent(this: unknown, engine: unknown, expected: ExpectedMessage): Promise<MatcherResult>;
  toHaveSkipped(this: unknown, engine: unknown, expected: ExpectedSkip): Promise<MatcherResult>;
};
