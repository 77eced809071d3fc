import * as z from "zod/mini";
import type { TriggerOutcome } from "../../../domain/run/outcome.js";
import { KnockError } from "../../../errors/knock-error.js";
import { printOutcome } from "../../../output/print-outcome.js";
import { printRecipientRun } from "../../../output/print-runs.js";
import { filterObjects, type JsonObject } from "../../../util/json.js";
import { locateSteps } from "../locate-steps.js";
import { type NextCall, type Tool, type ToolCall, ToolError, type ToolOutcome } from "../tool.js";
import { recipientField, remoteField, textField, toPayload, toRecipientFilter, triggerFields } from "./fields.js";
import { readClockTime } from "./read-clock-time.js";

/** Returns the steps that sent nothing, which need an explanation. */
const listUnsent = (steps: readonly JsonObject[]): JsonObject[] =>
  steps.filter(({ outcome }) => outcome === "skipped" || outcome === "failed");

/** Returns the lines that name the files of steps that sent nothing. */
async function describePlaces(workflow: string, steps: readonly JsonObject[], { host }: ToolCall): Promise<string> {
  const refs = listUnsent(steps).map(({ ref }) => String(ref));
  const places = refs.length === 0 ? [] : locateSteps(await host.findProject(), workflow, refs);
  return places.map(({ ref, place }) => `\n${ref} is defined at ${place}`).join("");
}

async function explainRun(id: string, isRemote: boolean, call: ToolCall): Promise<ToolOutcome> {
  const { document } = await call.runJson({ words: ["runs", "show"], arguments: [id], isRemote });
  if (!Array.isArray(document.recipients)) {
    const places = await describePlaces(String(document.workflow), filterObjects(document.steps), call);
    // The steps contain what decided; the events would only repeat them.
    const text = await call.print((output) => printRecipientRun({ ...document, events: [] }, output));
    return { document, text: text.replace(/events\n$/, "").trimEnd() + places };
  }
  const outcome = document as unknown as TriggerOutcome;
  const now = await readClockTime(call.runJson);
  const explained = outcome.recipients?.find(({ steps }) => listUnsent(steps as unknown as JsonObject[]).length > 0);
  const next: NextCall[] = explained?.recipient_run_id
    ? [{ tool: "explain", arguments: { run: explained.recipient_run_id } }]
    : [];
  const text = await call.print((output) => printOutcome(outcome, now, output));
  return { document, text, next };
}

/** Runs the workflow for the recipient in a new store, and returns what would happen. */
async function explainTrial(input: JsonObject, call: ToolCall): Promise<ToolOutcome> {
  const { document, warnings } = await call.runJson({
    words: ["notify"],
    options: { file: "-", format: "json", "sandbox-mode": true },
    arguments: [String(input.workflow)],
    input: toPayload(input, [input.recipient]),
    isIsolated: true,
  });
  const outcome = document as unknown as TriggerOutcome;
  const text = await call.print((output) => printOutcome(outcome, Date.now(), output));
  const steps = (outcome.recipients ?? []).flatMap((recipient) => recipient.steps) as unknown as JsonObject[];
  const places = await describePlaces(outcome.workflow, steps, call);
  return {
    document,
    text: `This recipient has no run of the workflow. With the recipients files, in an empty store, a trigger would do this:\n${warnings}${text}${places}`,
    next: [{ tool: "trigger", arguments: { workflow: outcome.workflow, recipients: [input.recipient ?? null] } }],
  };
}

/** Returns the ID of the recipient's newest run of the workflow, or null. */
async function findNewestRun(
  { workflow, recipient }: JsonObject,
  isRemote: boolean,
  call: ToolCall,
): Promise<string | null> {
  const options = { workflow: String(workflow), recipient: toRecipientFilter(recipient), limit: "1" };
  try {
    const { document } = await call.runJson({ words: ["runs", "list"], options, isRemote });
    const [newest] = filterObjects(document.items);
    return newest === undefined ? null : String(newest.id);
  } catch (error) {
    // The filter rejects names that the store does not know. The trial run tells what is wrong with them.
    if (error instanceof ToolError && !isRemote && error.document.code === "resource_missing") return null;
    throw error;
  }
}

export const explain: Tool = {
  name: "explain",
  title: "Explain what a recipient got",
  description:
    "Explain why a recipient got or did not get messages: the decision of each step with its conditions, compared values or preference, and its place in the files. Give a run, or a workflow with a recipient: then their newest run is explained, or a trial run without side effects.",
  input: (host) => ({
    run: textField("The ID of a workflow run or recipient run."),
    workflow: textField("The workflow's key."),
    recipient: z.optional(recipientField()),
    ...triggerFields(),
    ...remoteField(host),
  }),
  documents: ["runs-show", "runs-show-workflow-run", "notify"],
  effect: "read",
  async run(input, call) {
    const { run, workflow, recipient, remote } = input;
    const isRemote = remote === true;
    if (run !== undefined) return explainRun(String(run), isRemote, call);
    if (workflow === undefined || recipient === undefined)
      throw new KnockError("usage", "explain needs run, or workflow and recipient", {
        hint: 'For example {"workflow":"new-comment","recipient":"ada"}.',
      });
    const newest = await findNewestRun(input, isRemote, call);
    if (newest !== null) return explainRun(newest, isRemote, call);
    if (!isRemote) return explainTrial(input, call);
    throw new KnockError("resource_missing", "this recipient has no run of the workflow", {
      hint: "Call explain without remote for a trial run.",
    });
  },
};
