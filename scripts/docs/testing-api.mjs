// Generates docs/reference/testing-api.md from the public declarations of `knock-cli/testing`. The page is also the API
// report: an unintended change of the API makes it stale, and `npm run check` fails.
import { buildTestingDeclarations, TESTING_ENTRIES } from "../build-testing.mjs";
import { formatCode, joinParts } from "../documentation/markdown.mjs";
import { ROOT } from "../load-source.mjs";

const INTRODUCTION = `# Testing in code

The functions and types of \`knock-cli/testing\`, which runs workflows inside tests of Vitest, Jest and \`node:test\`:

\`\`\`js
import { after, test } from "node:test";
import { assertSent, createTestEngine } from "knock-cli/testing";

const engine = await createTestEngine();
after(() => engine.close());

test("sends the email after 30 minutes", async () => {
  await engine.notify("new-comment", { recipients: ["grace"], data: { page: "Home" } });
  await engine.advance("30m");
  await assertSent(engine, { to: "grace", channel: "email" });
});
\`\`\`

[Test workflows](../guide/test-workflows.md) shows the same in YAML files.`;

/** Returns the declarations without the statements that connect their files. */
const withoutImports = (declarations) =>
  declarations.replaceAll(/^(?:import type .*|export type \* from .*|export \{\};?)\n/gm, "").trim();

export async function buildPages() {
  const declarations = buildTestingDeclarations(ROOT);
  const sections = [...declarations].map(([name, text]) => {
    const title = TESTING_ENTRIES.includes(name)
      ? `\`knock-cli/testing${name === "testing" ? "" : `/${name}`}\``
      : `Types of ${name.replace("-types", "s")}`;
    return joinParts(`## ${title}`, formatCode(withoutImports(text), "ts"));
  });
  return { "docs/reference/testing-api.md": `${joinParts(INTRODUCTION, ...sections)}\n` };
}
