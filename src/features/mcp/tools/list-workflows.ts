import type { WorkflowView } from "../../../domain/workflow/workflow-view.js";
import type { Page } from "../../../output/documents/lists.js";
import { printWorkflow, printWorkflows } from "../../../output/print-workflows.js";
import type { Tool } from "../tool.js";
import { textField } from "./fields.js";

export const listWorkflows: Tool = {
  name: "list_workflows",
  title: "List workflows",
  description:
    "List the project's workflows with their steps, or show one: its steps with conditions, the data that a trigger needs, its last run and problems. Call this first.",
  input: () => ({ workflow: textField("Show only this workflow, in detail."), after: textField("Continue a list.") }),
  documents: ["workflows-list", "workflows-show"],
  effect: "read",
  async run({ workflow, after }, { runJson, print }) {
    if (workflow !== undefined) {
      const { document } = await runJson({ words: ["workflows", "show"], arguments: [String(workflow)] });
      const view = document as unknown as WorkflowView;
      return {
        document,
        text: await print((output) => {
          output.verbosity = { ...output.verbosity, verbose: true };
          printWorkflow(view, output);
        }),
        next: [{ tool: "trigger", arguments: { workflow: view.key } }],
      };
    }
    const { document } = await runJson({
      words: ["workflows", "list"],
      options: { after: after === undefined ? undefined : String(after) },
    });
    const page = document as unknown as Page<WorkflowView>;
    return { document, text: await print((output) => printWorkflows(page, output)) };
  },
};
