// Generates docs/reference/reasons.md from the table of reason codes.
import { loadSource } from "../load-source.mjs";

export async function buildPages() {
  const { REASONS, REASON_CHECKS } = await loadSource(`
    export { REASONS } from "./src/domain/run/reasons.ts";
    export { REASON_CHECKS } from "./src/domain/run/reason-checks.ts";
  `);
  const rows = Object.entries(REASONS).map(([code, meaning]) => `| [\`${code}\`](#${code}) | ${meaning} |`);
  const sections = Object.keys(REASONS).map(
    (code) =>
      `### \`${code}\`\n\n${REASONS[code][0].toUpperCase()}${REASONS[code].slice(1)}.\n\n${REASON_CHECKS[code]}`,
  );
  return {
    "docs/reference/reasons.md": `# Reason codes

A step that did not complete as usual has a reason: \`{ "code", "detail" }\`. The detail names the cause, such as the condition or the property
that is missing. \`knock runs show <id>\` and \`--json\` print both, \`knock notify\` prints the detail. Scripts can rely on the codes.

| code | meaning |
|---|---|
${rows.join("\n")}

## How to find the cause

${sections.join("\n\n")}
`,
  };
}
