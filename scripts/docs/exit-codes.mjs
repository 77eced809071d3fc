// Generates docs/reference/exit-codes.md from the tables of exit codes and error codes.
import { formatTable } from "../documentation/markdown.mjs";
import { loadSource } from "../load-source.mjs";

export async function buildPages() {
  const { ERROR_CODES, EXIT, EXIT_CODE_MEANINGS } = await loadSource(`
    export { ERROR_CODES, EXIT } from "./src/errors/error-codes.ts";
    export { EXIT_CODE_MEANINGS } from "./src/errors/exit-code-meanings.ts";
  `);
  const linkErrors = (exit) =>
    Object.entries(ERROR_CODES)
      .filter(([, definition]) => definition.exit === exit)
      .map(([code]) => `[\`${code}\`](../troubleshooting.md#${code})`)
      .join(", ");
  const rows = Object.entries(EXIT).map(([name, exit]) => [`${exit}`, EXIT_CODE_MEANINGS[name], linkErrors(exit)]);
  return {
    "docs/reference/exit-codes.md": `# Exit codes

${formatTable(["Exit", "Meaning", "Error codes"], rows)}

- An error is printed on standard error: one line with the problem, then a hint. With \`--json\`, the last line of standard error is one
  JSON document: \`{ "error": { "code", "message", "hint", "suggestion", "docs", "details" } }\`. \`suggestion\` is the corrected command,
  such as \`knock users get ada\` for \`knock users get adda\`, or null. \`docs\` names the section of [Troubleshooting](../troubleshooting.md)
  about the code.
- Exit codes 1, 9 and 10 may come without an error: the command completed, and its outcome decides the exit code. See
  [Reason codes](reasons.md) for the cause.
- \`knock dev -- <command>\` and \`knock dev --exec '<command>'\` exit with the code of the command.
`,
  };
}
