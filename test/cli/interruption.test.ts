import { describe, expect } from "vitest";
import { cliTest, hasTerminal } from "../helpers/run-knock.js";

describe.runIf(hasTerminal).concurrent("Ctrl-C", () => {
  cliTest("ends knock test with the results so far", async ({ collab }) => {
    const scenario = (name: string) =>
      `scenarios:\n  ${name}:\n    steps:\n      - write: { a.txt: x }\n      - { notify: { workflow: welcome, recipients: [grace] }, expect: [sent=1] }\n`;
    for (let n = 0; n < 30; n++) collab.write(`scenarios/${n}.test.yaml`, scenario(`s${n}`));
    // The rest takes so long that a busy machine types the key in time. The terminal shows some of the counts.
    const args = ["test", "scenarios", "--repeat", "60", "--workers", "1"];
    const { stdout, exitCode } = await collab.onTerminal(args, { type: [/running scenarios: \d+ done/, "\u0003"] });
    expect(exitCode, stdout).toBe(130);
    expect(stdout).toContain("s0");
    expect(stdout).not.toContain("s29");
  });

  cliTest("ends knock replay without a result", async ({ collab }) => {
    const triggers = Array.from({ length: 5_000 }, (_, n) => ({
      at: new Date(Date.UTC(2026, 2, 2, 10) + n * 60_000).toISOString(),
      key: "welcome",
      recipients: [`user-${n}`],
    }));
    collab.write("triggers.jsonl", triggers.map((trigger) => JSON.stringify(trigger)).join("\n"));
    const args = ["replay", "--file", "triggers.jsonl", "--against", "."];
    const { stdout, exitCode } = await collab.onTerminal(args, { type: [/replaying: \d+ of/, "\u0003"] });
    expect(exitCode, stdout).toBe(130);
    expect(stdout).toContain("interrupted during the replay");
    expect(stdout).not.toContain("triggers replayed");
  });
});
