import { AssertionError } from "node:assert";
import { isObject } from "../util/json.js";
import { checkSent, checkSkipped, type EngineCheck } from "./check-engine.js";
import { openTestEngine } from "./embedded-test-engine.js";
import type { KnockDev, KnockDevOptions } from "./emulator-types.js";
import type { AnyWorkflowData, ExpectedMessage, ExpectedSkip, TestEngine, TestEngineOptions } from "./engine-types.js";
import type { FakeProvider, FakeProviderName } from "./fake-provider-types.js";
import type { MatcherFunctions, MatcherResult } from "./matcher-types.js";
import { openKnockDev } from "./open-knock-dev.js";
import { withHints } from "./show-hints.js";

export type * from "./emulator-types.js";
export type * from "./engine-types.js";
export type * from "./fake-provider-types.js";
export type * from "./matcher-types.js";

/**
 * Opens an engine on a project's files, with its own data, clock and IDs in memory. Pass the type that `knock types`
 * generates as `Workflows` to check workflow keys and data. Rejects if there is no project or a file is invalid.
 */
export async function createTestEngine<Workflows extends object = AnyWorkflowData>(
  options: TestEngineOptions = {},
): Promise<TestEngine<Workflows>> {
  return openTestEngine(options);
}

/**
 * Starts a local API in this process, on a free port and with a store in memory, and opens a scene for this worker.
 * Rejects if there is no project, a file is invalid or the port is in use.
 */
export async function startKnockDev(options: KnockDevOptions = {}): Promise<KnockDev> {
  return openKnockDev(options);
}

/**
 * Starts a fake of a provider, to which channels with the fake's settings deliver. Rejects for an unknown provider.
 */
export async function startFakeProvider(name: FakeProviderName): Promise<FakeProvider> {
  const fakes = await import("../providers/start-fake-provider.js");
  return fakes.startFakeProvider(name);
}

/** Returns whether a matcher is called after `.not`. */
function isNegated(context: unknown): boolean {
  return isObject(context) && context.isNot === true;
}

const toMatcherResult = ({ isMet, message }: EngineCheck): MatcherResult => ({ pass: isMet, message: () => message });

/** The matchers `toHaveSent` and `toHaveSkipped` for `expect.extend(matchers)` in Vitest, Jest and Playwright. */
export const matchers: MatcherFunctions = {
  async toHaveSent(engine, expected) {
    const options = { isNegated: isNegated(this), caller: "toHaveSent" };
    return toMatcherResult(await withHints(() => checkSent(engine, expected, options)));
  },
  async toHaveSkipped(engine, expected) {
    return toMatcherResult(await withHints(() => checkSkipped(engine, expected, "toHaveSkipped")));
  },
};

function fail({ message, expected, actual }: EngineCheck, operator: string): never {
  throw new AssertionError({ message, expected, actual, operator });
}

/** Asserts that a message with all given properties was created. Rejects with an AssertionError that explains why not. */
export async function assertSent<Workflows extends object>(
  engine: TestEngine<Workflows>,
  expected: ExpectedMessage<keyof Workflows & string>,
): Promise<void> {
  const options = { isNegated: false, caller: "assertSent" };
  const check = await withHints(() => checkSent(engine, expected, options));
  if (!check.isMet) fail(check, "assertSent");
}

/** Asserts that no message with all given properties was created. */
export async function assertNotSent<Workflows extends object>(
  engine: TestEngine<Workflows>,
  expected: ExpectedMessage<keyof Workflows & string>,
): Promise<void> {
  const options = { isNegated: true, caller: "assertNotSent" };
  const check = await withHints(() => checkSent(engine, expected, options));
  if (check.isMet) fail(check, "assertNotSent");
}

/** Asserts that a step was skipped, or that a run was stopped before its first step. */
export async function assertSkipped<Workflows extends object>(
  engine: TestEngine<Workflows>,
  expected: ExpectedSkip<keyof Workflows & string>,
): Promise<void> {
  const check = await withHints(() => checkSkipped(engine, expected, "assertSkipped"));
  if (!check.isMet) fail(check, "assertSkipped");
}

/** Asserts that no step was skipped as described. */
export async function assertNotSkipped<Workflows extends object>(
  engine: TestEngine<Workflows>,
  expected: ExpectedSkip<keyof Workflows & string>,
): Promise<void> {
  const check = await withHints(() => checkSkipped(engine, expected, "assertNotSkipped"));
  if (check.isMet) fail(check, "assertNotSkipped");
}
