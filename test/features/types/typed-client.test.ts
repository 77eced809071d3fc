import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import type TypeScript from "typescript";
import { expect } from "vitest";
import { inProcessTest as it } from "../../helpers/run-in-process.js";

// `import` would search the whole compiler for the names that it exports, which takes a second.
const ts = createRequire(import.meta.url)("typescript") as typeof TypeScript;

const ROOT = resolve(import.meta.dirname, "../../..");

/** Code that uses the generated types; each line that ends with `// wrong` must be refused, and no other. */
const APPLICATION = `
import Knock from "@knocklabs/node";
import { typeClient, type WorkflowData, type WorkflowKey } from "./knock-types.js";
const knock = typeClient(new Knock({ apiKey: "sk_test_1" }));
const recipients = ["ada"];
knock.workflows.trigger("new-comment", { recipients, data: { page: "Home" } });
knock.workflows.trigger("new-comment", { recipients, actor: null, tenant: "acme", data: { page: "Home", comment: "Hi" } }, { idempotencyKey: "1" });
knock.workflows.trigger("new-comment", { recipients, data: { page: 1 } }); // wrong
knock.workflows.trigger("new-comment", { recipients, data: { page: "Home", coment: "Hi" } }); // wrong
knock.workflows.trigger("new-comment", { recipients, data: {} }); // wrong
knock.workflows.trigger("new-comment", { recipients, data: null }); // wrong
knock.workflows.trigger("new-comment", { recipients }); // wrong
knock.workflows.trigger("new-comment", { data: { page: "Home" } }); // wrong
knock.workflows.trigger("new-coment", { recipients, data: { page: "Home" } }); // wrong
knock.workflows.trigger("welcome", { recipients });
knock.workflows.trigger("welcome", { recipients, data: { anything: [1] } });
knock.workflows.cancel("new-comment", { cancellation_key: "c1" });
knock.users.get("ada");
const id: Promise<string> = knock.workflows.trigger("welcome", { recipients }).then((run) => run.workflow_run_id);
const wrongId: Promise<number> = knock.workflows.trigger("welcome", { recipients }).then((run) => run.workflow_run_id); // wrong
const data: WorkflowData["new-comment"] = { page: "Home" };
const keys: WorkflowKey[] = ["new-comment", "none"]; // wrong
export { data, id, keys, wrongId };
`;

/** Returns the lines of a text that the compiler reports, from 0, and its messages. */
function compile(path: string, text: string): { lines: number[]; messages: string[] } {
  const options: TypeScript.CompilerOptions = {
    strict: true,
    noEmit: true,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    types: [],
    allowImportingTsExtensions: true,
  };
  const host = ts.createCompilerHost(options);
  // Packages are found from the repository, because the sample is in a temporary folder.
  const cache = ts.createModuleResolutionCache(ROOT, (name) => name, options);
  host.resolveModuleNameLiterals = (literals, containing) =>
    literals.map(({ text: name }) =>
      ts.resolveModuleName(
        name,
        name.startsWith("@knocklabs/") ? join(ROOT, "src/main.ts") : containing,
        options,
        host,
        cache,
        undefined,
        ts.ModuleKind.ESNext,
      ),
    );
  const { readFile, fileExists } = host;
  host.readFile = (name) => (name === path ? text : readFile(name));
  host.fileExists = (name) => name === path || fileExists(name);
  const program = ts.createProgram([path], options, host);
  const found = ts.getPreEmitDiagnostics(program);
  return {
    lines: [
      ...new Set(
        found.map(({ file, start = 0 }) =>
          file?.fileName === path ? file.getLineAndCharacterOfPosition(start).line : -1,
        ),
      ),
    ].sort((a, b) => a - b),
    messages: found.map(
      ({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
    ),
  };
}

it("makes the official client accept right triggers and refuse wrong ones", async ({ collab }) => {
  const { exitCode } = await collab.knock(["types", "--output-file", "src/knock-types.ts"]);
  expect(exitCode).toBe(0);
  const { lines, messages } = compile(
    collab.path("src/application.mts"),
    APPLICATION.replace("knock-types.js", "knock-types.ts"),
  );
  const wrong = APPLICATION.split("\n").flatMap((line, at) => (line.endsWith("// wrong") ? [at] : []));
  expect(lines, messages.join("\n")).toEqual(wrong);
});
