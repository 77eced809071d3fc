// Generates docs/troubleshooting.md from the explanations of error codes and from errors of commands that are run.
import { runErrorExamples } from "../documentation/error-examples.mjs";
import { formatCode, formatTable, joinParts } from "../documentation/markdown.mjs";
import { loadSource } from "../load-source.mjs";

const COMMANDS = "reference/commands";
const CONCEPTS = ["Concepts", "guide/concepts.md"];
const VARIABLES = ["Environment variables", "reference/environment-variables.md"];
const command = (name) => [`knock ${name}`, `${COMMANDS}/${name}.md`];

/** The pages that help with each error code, as titles and paths. */
const RELATED = {
  usage: [["Commands", `${COMMANDS}/README.md`]],
  invalid_json: [["Recipients and data", "guide/recipients-and-data.md"], command("notify")],
  invalid_params: [["Recipients and data", "guide/recipients-and-data.md"], command("workflows")],
  payload_too_large: [command("notify")],
  channel_invalid: [command("feed")],
  not_supported: [CONCEPTS, VARIABLES],
  project_missing: [["First workflow", "guide/first-workflow.md"], command("init")],
  project_invalid: [command("workflows")],
  workflow_invalid: [["First workflow", "guide/first-workflow.md"], command("workflows")],
  template_invalid: [command("preview")],
  scenario_invalid: [command("test")],
  journal_failed: [["Trigger workflows from a file", "guide/many-triggers.md"], command("notify")],
  journal_conflict: [["Trigger workflows from a file", "guide/many-triggers.md"], command("notify")],
  report_failed: [command("test")],
  warning: [["CI", "guide/ci.md"]],
  store_unusable: [CONCEPTS, VARIABLES],
  profile_invalid: [command("auth"), command("config")],
  authentication: [command("auth"), VARIABLES],
  not_allowed: [command("auth")],
  workflow_missing: [command("workflows")],
  actor_missing: [["Recipients and data", "guide/recipients-and-data.md"], command("users")],
  resource_missing: [command("runs"), command("messages"), command("users")],
  workflow_inactive: [command("workflows")],
  idempotency_conflict: [command("notify")],
  conflict: [command("broadcasts"), command("messages")],
  confirmation_needed: [command("auth")],
  too_many_recipients: [command("notify")],
  recipient_not_allowed: [["Remote and keys", "guide/remote-and-keys.md"], command("config")],
  unreachable: [["Test your application", "guide/test-your-app.md"], VARIABLES],
  port_in_use: [command("dev"), ["Test your application", "guide/test-your-app.md"]],
  remote_failed: [command("config")],
  rate_limited: [command("notify")],
  too_much_due_work: [["Scaling", "guide/scaling.md"], command("worker")],
  output_failed: [command("runs")],
  interrupted: [["Exit codes", "reference/exit-codes.md"], command("runs")],
  internal: [VARIABLES],
};

const formatList = (sentences) => sentences.map((sentence) => `- ${sentence}`).join("\n");

export async function buildPages() {
  const { ERROR_CODES, ERROR_EXPLANATIONS, FINDING_CODES, FINDING_EXPLANATIONS } = await loadSource(`
    export { ERROR_CODES } from "./src/errors/error-codes.ts";
    export { ERROR_EXPLANATIONS } from "./src/errors/error-explanations.ts";
    export { FINDING_CODES } from "./src/domain/validation/finding-codes.ts";
    export { FINDING_EXPLANATIONS } from "./src/domain/validation/finding-explanations.ts";
  `);
  const examples = await runErrorExamples();
  const codes = Object.keys(ERROR_CODES);
  const index = formatTable(
    ["Code", "Meaning", "Exit"],
    codes.map((code) => [`[\`${code}\`](#${code})`, ERROR_EXPLANATIONS[code].meaning, `${ERROR_CODES[code].exit}`]),
  );
  const sections = codes.map((code) => {
    const { meaning, causes, fix } = ERROR_EXPLANATIONS[code];
    const example = examples[code];
    return joinParts(
      `## \`${code}\``,
      `${meaning} Exit code ${ERROR_CODES[code].exit}.`,
      example && formatCode(`$ ${example.command}\n${example.text}`, "console"),
      `**Causes**`,
      formatList(causes),
      `**Fix**`,
      formatList(fix),
      `See also: ${RELATED[code].map(([title, path]) => `[${title}](${path})`).join(", ")}.`,
    );
  });
  const findings = Object.keys(FINDING_EXPLANATIONS);
  const describeFindings = (severity) => {
    const codes = findings.filter((code) => FINDING_CODES[code] === severity);
    const describe = (code) => [`#### \`${code}\``, FINDING_EXPLANATIONS[code].meaning, FINDING_EXPLANATIONS[code].fix];
    return codes.length === 0 ? [] : [severity === "error" ? "### Errors" : "### Warnings", ...codes.flatMap(describe)];
  };
  return {
    "docs/troubleshooting.md": joinParts(
      "# Troubleshooting",
      "Each error has a code. With `--json`, the error document contains it as `code`, and `docs` names its section on this page. `knock help error <code>` prints the same explanation. To find out why a step did not send, see [Reason codes](reference/reasons.md).",
      index,
      sections,
      "## Findings of `knock validate`",
      `[\`knock validate\`](${COMMANDS}/validate.md) reports the errors above with the location in the file, and these findings. [Validate a project](guide/validate.md) says how to silence one:`,
      ...describeFindings("error"),
      ...describeFindings("warning"),
    ).concat("\n"),
  };
}
