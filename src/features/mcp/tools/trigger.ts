import * as z from "zod/mini";
import type { TriggerOutcome } from "../../../domain/run/outcome.js";
import { described } from "../../../domain/schema/fields.js";
import { printOutcome } from "../../../output/print-outcome.js";
import type { NextCall, Tool } from "../tool.js";
import {
  flagField,
  recipientField,
  remoteField,
  textField,
  toPayload,
  triggerFields,
  workflowField,
} from "./fields.js";
import { readClockTime } from "./read-clock-time.js";

/** Returns the calls that show more about an outcome. */
function listNext({ workflow_run_id, recipients }: TriggerOutcome): NextCall[] {
  const outcomes = (recipients ?? []).flatMap(({ steps }) => steps.map(({ outcome }) => outcome));
  const isWaiting = outcomes.includes("waiting");
  const isSkipped = outcomes.includes("skipped") || outcomes.includes("failed");
  return [
    { tool: "messages", arguments: { action: "list", run: workflow_run_id } },
    ...(isSkipped ? [{ tool: "explain", arguments: { run: workflow_run_id } }] : []),
    ...(isWaiting ? [{ tool: "clock", arguments: { action: "next" } }] : []),
  ];
}

export const trigger: Tool = {
  name: "trigger",
  title: "Trigger a workflow",
  description:
    "Trigger a workflow locally. Messages are rendered and stored, never delivered. Returns what happened to each recipient, and why a step was skipped. Waiting steps continue when you move the clock.",
  input: (host) => ({
    workflow: workflowField(),
    recipients: described(z.array(recipientField()), "Whom to notify."),
    ...triggerFields(),
    cancellation_key: textField("The key for a later cancellation."),
    skip_delay: flagField("Skip delay steps."),
    dry_run: flagField("Only check the trigger."),
    ...(host.account.write ? remoteField(host) : {}),
  }),
  documents: ["notify", "notify-dry-run"],
  effect: "write",
  async run(input, { host, runJson, print }) {
    const { workflow, recipients, cancellation_key, skip_delay, dry_run, remote } = input;
    const payload = { ...JSON.parse(toPayload(input, recipients)), cancellation_key };
    const { document, warnings } = await runJson({
      words: ["notify"],
      options: {
        file: "-",
        format: "json",
        "sandbox-mode": remote !== true && (await host.needsSandboxMode()),
        "skip-delay": skip_delay === true,
        "dry-run": dry_run === true,
      },
      arguments: [String(workflow)],
      input: JSON.stringify(payload),
      isRemote: remote === true,
    });
    if (dry_run === true) return { document, text: `${warnings}The trigger is valid. Nothing was triggered.` };
    const outcome = document as unknown as TriggerOutcome;
    const now = await readClockTime(runJson);
    const text = await print((output) => printOutcome(outcome, now, output));
    return { document, text: warnings + text, next: listNext(outcome) };
  },
};
