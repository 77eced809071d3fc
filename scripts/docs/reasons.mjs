// Generates docs/reference/reasons.md from the table of reason codes.
import { loadSource } from "../load-source.mjs";

export async function buildPages() {
  const { REASONS } = await loadSource(`export { REASONS } from "./src/domain/run/outcome.ts"`);
  const rows = Object.entries(REASONS).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`);
  return {
    "docs/reference/reasons.md": `# Reason codes

A step that did not simply send has a reason. Its \`code\` is one of these:

| code | meaning |
|---|---|
${rows.join("\n")}
`,
  };
}
