import { expect, it } from "vitest";
import { parseWorkflow } from "../../../src/domain/workflow/parse-workflow.js";
import { printCoverage } from "../../../src/features/test/print-coverage.js";
import { Output } from "../../../src/output/output.js";
import { buildCoverage } from "../../../src/scenarios/coverage.js";
import { createItemId } from "../../../src/scenarios/list-coverage-items.js";

it("prints the first parts and reasons of a workflow, and the number of others", async () => {
  const refs = ["email_1", "email_2", "email_3", "email_4", "email_5", "email_6", "email_7"];
  const steps = refs.map((ref) => ({
    ref,
    type: "channel",
    channel_type: "email",
    channel_key: "email",
    template: { subject: "Hi", html_body: "Hi" },
  }));
  const workflow = parseWorkflow("digest", { name: "Digest", steps });
  const reached = new Set(refs.slice(0, 1).map((ref) => createItemId("digest", "steps", ref)));
  const written: string[] = [];
  const stdout = { isTTY: false, columns: 100, write: (text: string) => written.push(text) > 0 };
  const streams = { stdout, stderr: stdout, env: {} };
  printCoverage(buildCoverage([workflow], reached, null), await Output.open(streams as never));
  expect(written.join("").split("\n").slice(4)).toEqual([
    "not covered in digest",
    "  email_1: is never rendered",
    ...refs.slice(1, 5).map((ref) => `  ${ref}: is never executed`),
    "  and 2 more: --json lists all",
    "",
    "reasons that never occur (they don't count for the threshold; --json lists all)",
    "  digest: preference (email_1), missing_recipient_data (email_1)",
    "",
  ]);
  written.length = 0;
  const all = new Set(
    refs.flatMap((ref) => [createItemId("digest", "steps", ref), createItemId("digest", "templates", ref)]),
  );
  printCoverage(buildCoverage([workflow], all, null), await Output.open(streams as never));
  expect(written.join("")).toContain("\n  digest: preference (email_1, email_2, email_3), and 11 more\n");
});
