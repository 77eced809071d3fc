import type { ProjectFinding } from "../../src/checks/project-finding.js";
import { isJsonObject, type JsonObject } from "../../src/util/json.js";
import type { Sample } from "./run-knock.js";

/** The files of the project that `knock init` creates. */
export const WORKFLOW = "knock/workflows/hello/workflow.json";
export const EMAIL = "knock/workflows/hello/email_1/html_body.html";
export const FEED = "knock/workflows/hello/in_app_feed_1/markdown_body.md";
export const ENVIRONMENT = "knock/environment.json";
export const RECIPIENTS = "knock/recipients/users.json";

/** The project that `knock init` creates. */
interface HelloProject extends Sample {
  /** Changes a JSON file. */
  edit(file: string, change: (document: JsonObject) => void): void;
  /** Changes the workflow and its steps. */
  editWorkflow(change: (workflow: JsonObject & { steps: JsonObject[] }) => void): void;
  /** Adds a step to the workflow, as the first one by default. */
  addStep(type: string, settings: JsonObject, options?: { ref?: string; at?: number }): void;
  validate(...args: string[]): Promise<ProjectFinding[]>;
  /** Returns the findings as `file:line:column: message [code]`. */
  report(...args: string[]): Promise<string[]>;
}

const format = ({ file, line, column, message, code }: ProjectFinding): string =>
  `${file}:${line}:${column}: ${message} [${code}]`;

/** Creates a project with `knock init` in an empty folder. */
export async function initHello(empty: Sample): Promise<HelloProject> {
  await empty.knock(["init"]);
  const edit = (file: string, change: (document: JsonObject) => void): void => {
    const document: unknown = JSON.parse(empty.read(file));
    if (!isJsonObject(document)) throw new Error(`${file} is not an object`);
    change(document);
    empty.write(file, JSON.stringify(document, null, 2));
  };
  const editWorkflow: HelloProject["editWorkflow"] = (change) =>
    edit(WORKFLOW, (workflow) => change(workflow as JsonObject & { steps: JsonObject[] }));
  const validate = async (...args: string[]): Promise<ProjectFinding[]> =>
    (await empty.knock(["validate", ...args, "--json"])).json.findings as unknown as ProjectFinding[];
  return {
    ...empty,
    edit,
    editWorkflow,
    addStep: (type, settings, { ref = `${type}_9`, at = 0 } = {}) =>
      editWorkflow(({ steps }) => void steps.splice(at, 0, { type, ref, settings })),
    validate,
    report: async (...args) => (await validate(...args)).map(format),
  };
}
