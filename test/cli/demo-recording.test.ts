import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import "../helpers/run-knock.js";

it("the recording in the README shows the output of the built command", async () => {
  const script = new URL("../../scripts/demo-recording.mjs", import.meta.url).href;
  const { buildRecording, RECORDING } = (await import(script)) as { buildRecording(): string; RECORDING: string };
  expect(readFileSync(RECORDING, "utf8"), "run node scripts/demo-recording.mjs").toBe(buildRecording());
});
