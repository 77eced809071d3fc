import type { McpServer } from "@modelcontextprotocol/server";
import { toStandardSchema } from "./standard-schema.js";

interface Prompt {
  name: string;
  title: string;
  description: string;
  /** The arguments with their descriptions, in order. A name with a question mark is optional. */
  arguments: Readonly<Record<string, string>>;
  build(values: Readonly<Record<string, string | undefined>>): string;
}

const PROMPTS: readonly Prompt[] = [
  {
    name: "write-scenarios",
    title: "Write scenarios for a workflow",
    description: "Write scenarios that prove how a workflow behaves, and that notice every fault.",
    arguments: { workflow: "The workflow's key." },
    build: ({ workflow }) =>
      [
        `Write scenarios for the workflow ${workflow}.`,
        `1. Call list_workflows with workflow "${workflow}", and docs with page "guide/test-workflows".`,
        "2. Write knock/workflows/<key>/<name>.test.yaml: one scenario for each branch, condition, preference and wait. Expect which messages are sent, and which are not.",
        "3. Call run_scenarios with the workflow's key until all pass. Do not change the workflow to make a scenario pass: report a fault that you find.",
        "4. Call run_scenarios with coverage and mutate, and add scenarios until no fault goes unnoticed.",
        "5. Call validate.",
      ].join("\n"),
  },
  {
    name: "why-not-sent",
    title: "Find out why a message was not sent",
    description: "Find the rule that kept a recipient from getting a message, and propose the smallest fix.",
    arguments: { workflow: "The workflow's key.", recipient: "The recipient's ID." },
    build: ({ workflow, recipient }) =>
      [
        `Find out why ${recipient} got no message of the workflow ${workflow}.`,
        "1. Call explain with the workflow and the recipient.",
        "2. If the run waits, call clock with action next and explain again.",
        "3. Name the step, the rule with its compared values or preference, and the file and line.",
        "4. Say whether this is intended. If not, propose the smallest change. Prove it with a scenario.",
      ].join("\n"),
  },
  {
    name: "review-change",
    title: "Review a change of workflows",
    description: "Say what the changes of the working tree do to people, before they are merged.",
    arguments: { "base?": "A git revision (default: where the branch began)." },
    build: ({ base }) =>
      [
        "Review the changes of the working tree.",
        `1. Call compare${base === undefined ? "" : ` with base "${base}"`}.`,
        "2. Explain each lost or gained message with its cause, and each changed content.",
        "3. Call validate and run_scenarios with coverage.",
        "4. Begin your answer with a verdict of one sentence. List risks and missing scenarios.",
      ].join("\n"),
  },
];

/** Returns the schema of a prompt's arguments. */
function toArgumentSchema(descriptions: Prompt["arguments"]) {
  const entries = Object.entries(descriptions).map(([name, description]) => ({
    name: name.replace("?", ""),
    isRequired: !name.endsWith("?"),
    description,
  }));
  const json = {
    type: "object",
    properties: Object.fromEntries(entries.map(({ name, description }) => [name, { type: "string", description }])),
    required: entries.filter(({ isRequired }) => isRequired).map(({ name }) => name),
  };
  const validate = (value: unknown) => {
    const values = value as Record<string, string | undefined>;
    const missing = entries.filter(({ name, isRequired }) => isRequired && typeof values[name] !== "string");
    if (missing.length === 0) return { value: values };
    return { issues: missing.map(({ name }) => ({ message: `${name} is required`, path: [name] })) };
  };
  return toStandardSchema(() => json, validate);
}

/** Adds the prompts. */
export function addPrompts(server: McpServer): void {
  for (const { name, title, description, arguments: descriptions, build } of PROMPTS)
    server.registerPrompt(name, { title, description, argsSchema: toArgumentSchema(descriptions) }, (values) => ({
      messages: [{ role: "user", content: { type: "text", text: build(values as Record<string, string>) } }],
    }));
}
