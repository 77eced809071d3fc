import * as z from "zod/mini";
import type { TriggerOutcome } from "../../../domain/run/outcome.js";
import { KnockError } from "../../../errors/knock-error.js";
import { printOutcome } from "../../../output/print-outcome.js";
import { filterObjects, type JsonObject } from "../../../util/json.js";
import { type NextCall, type Tool, type ToolCall, ToolError, type ToolOutcome } from "../tool.js";
import { recipientField, remoteField, textField, toPayload, toRecipientFilter, triggerFields } from "./fields.js";
import { readClockTime } from "./read-clock-time.js";

/** Explains a recipient run, or lists those of a trigger with several recipients. */
async function explainRun(id: string, isRemote: boolean, call: ToolCall): Promise<ToolOutcome> {
  const { document } = await call.runJson({ words: ["runs", "show"], arguments: [id], isRemote });
  const outcome = document as unknown as TriggerOutcome;
  const { recipients } = outcome;
  if (!Array.isArray(recipients) || recipients.length <= 1)
    return { ...(await call.runText({ words: ["why"], options: { run: id }, isRemote })), ok: true };
  const now = await readClockTime(call.runJson);
  const unsent = recipients.find(({ steps }) => steps.some(({ reason }) => reason !== null)) ?? recipients[0];
  const next: NextCall[] = unsent?.recipient_run_id
    ? [{ tool: "explain", arguments: { run: unsent.recipient_run_id } }]
    : [];
  return { document, text: await call.print((output) => printOutcome(outcome, now, output)), next };
}

/** Returns the call that explains the recipient's newest run of the workflow, if there is one. */
async function findNewestRun({ workflow, recipient }: JsonObject, call: ToolCall): Promise<NextCall[]> {
  const options = { workflow: String(workflow), recipient: toRecipientFilter(recipient), limit: "1" };
  try {
    const { document } = await call.runJson({ words: ["runs", "list"], options });
    return filterObjects(document.items).map(({ id }) => ({ tool: "explain", arguments: { run: id ?? null } }));
  } catch (error) {
    // The filter rejects recipients that the store does not know, such as those of the call.
    if (error instanceof ToolError) return [];
    throw error;
  }
}

export const explain: Tool = {
  name: "explain",
  title: "Explain what a recipient gets",
  description:
    "Explain why a recipient gets a message or not: per step the first rule that decided, the compared values, its file and line, and what to change. Give a workflow with a recipient to try it now without side effects, with the present files, preferences and batches (an object counts its subscribers), or the run that already happened.",
  input: (host) => ({
    workflow: textField("The workflow's key."),
    recipient: z.optional(recipientField()),
    run: textField("The ID of a workflow run or recipient run."),
    ...triggerFields(),
    ...remoteField(host),
  }),
  documents: ["why", "runs-show-workflow-run"],
  effect: "read",
  async run(input, call) {
    const { run, workflow, recipient, remote } = input;
    const isRemote = remote === true;
    if (run !== undefined) return explainRun(String(run), isRemote, call);
    if (workflow === undefined || recipient === undefined)
      throw new KnockError("usage", "explain needs run, or workflow and recipient", {
        hint: 'For example {"workflow":"new-comment","recipient":"ada"}.',
      });
    const explained = await call.runText({
      words: ["why"],
      options: { file: "-" },
      arguments: [String(workflow)],
      input: toPayload(input, [recipient]),
      isRemote,
    });
    return { ...explained, ok: true, next: isRemote ? [] : await findNewestRun(input, call) };
  },
};
