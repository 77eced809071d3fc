import * as z from "zod/mini";
import type { StepPreview } from "../../../domain/run/step-preview.js";
import { printPreview } from "../../../output/print-preview.js";
import type { Tool } from "../tool.js";
import { recipientField, textField, toPayload, triggerFields, workflowField } from "./fields.js";

export const preview: Tool = {
  name: "preview",
  title: "Render a step",
  description:
    "Render channel steps as a recipient would receive them, without running the workflow. Conditions and preferences are ignored, nothing is stored. Use it after each change of a template.",
  input: () => ({
    workflow: workflowField(),
    step: textField("A step's ref (default: all channel steps)."),
    recipient: z.optional(recipientField()),
    ...triggerFields(),
  }),
  documents: ["preview"],
  effect: "read",
  async run(input, { runJson, print }) {
    const { workflow, step, recipient } = input;
    const { document, warnings } = await runJson({
      words: ["preview"],
      options: { file: "-", all: step === undefined },
      arguments: [String(workflow), ...(step === undefined ? [] : [String(step)])],
      input: toPayload(input, recipient === undefined ? undefined : [recipient]),
    });
    const items = document.items as unknown as readonly StepPreview[];
    return { document, text: warnings + (await print((output) => printPreview(items, output))) };
  },
};
