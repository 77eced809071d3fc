import { describe, expect, it } from "vitest";
import { openRemoteTarget } from "../../src/context/open-remote-target.js";
import type { ProcessIO } from "../../src/context/process-io.js";
import type { Settings } from "../../src/context/resolve-settings.js";
import type { TargetAccess, TargetFlags } from "../../src/context/target-flags.js";
import type { Output } from "../../src/output/output.js";
import type { Operations } from "../../src/ports/operations.js";

const setting = <T>(value: T) => ({ value, source: "environment" as const });
const settings = {
  base_url: setting("https://knock.invalid"),
  api_key: setting("sk_live_0123456789"),
  branch: setting(null),
  redirect: setting(null),
  recipientGuards: [],
  timeout_ms: 1_000,
} as unknown as Settings;
const output = { verbosity: {} } as Output;

/** Opens the API with a live key. `answer` is the answer to the question on a terminal; null is no terminal. */
async function open(access: TargetAccess, answer: boolean | null, flags: TargetFlags = {}): Promise<Operations> {
  const io = { env: {}, version: "0", stdinIsTerminal: answer !== null, confirm: async () => answer === true };
  return openRemoteTarget(flags, settings, io as unknown as ProcessIO, output, { opened: [], access });
}

describe("a live key", () => {
  it("needs a confirmation or --yes to write, before any connection", async () => {
    for (const answer of [null, false])
      await expect(open("write", answer)).rejects.toMatchObject({ code: "confirmation_needed" });
    await (await open("write", true)).close();
    await (await open("write", null, { yes: true })).close();
  });

  it("needs none to read, and then cannot write", async () => {
    const operations = await open("read", null);
    await expect(
      operations.cancelWorkflow({ workflow: "hello", cancellation_key: "c1", recipients: null }),
    ).rejects.toThrow("a command that only reads must not send POST /v1/workflows/hello/cancel");
    await operations.close();
  });
});
