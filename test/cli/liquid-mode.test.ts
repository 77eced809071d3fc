import { expect } from "vitest";
import { cliTest } from "../helpers/run-knock.js";

cliTest("renders templates also where Node.js forbids generated code", async ({ collab }) => {
  const env = { KNOCK_LIQUID: "compile", NODE_OPTIONS: "--disallow-code-generation-from-strings" };
  const data = JSON.stringify({ page: "Home" });
  const args = ["notify", "new-comment", "--recipients", "ada,grace", "--actor", "alan", "--data", data, "--json"];
  const { exitCode, outcome } = await collab.knock(args, { env });
  expect(exitCode).toBe(0);
  expect(outcome.summary).toMatchObject({ sent: 2, failed: 0 });
});

cliTest("warns about a misspelled KNOCK_LIQUID, which has no effect", async ({ collab }) => {
  const { stderr, exitCode } = await collab.knock(["validate", "welcome"], { env: { KNOCK_LIQUID: "complie" } });
  expect(stderr).toContain('warning: KNOCK_LIQUID is neither "compile" nor "interpret", so it has no effect');
  expect(exitCode).toBe(0);
});
