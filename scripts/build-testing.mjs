// Writes the modules of `knock-cli/testing`: for each entry an ES module, a CommonJS module and their types. All entries
// share one bundle, so that an engine of one module is known to the matchers of another.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const SOURCE_FOLDER = "src/testing-api";

/** The file in dist/ that all entries share. It runs the bundle of all commands, in the realm of the test. */
const TESTING_FILE = "testing.cjs";

/** The modules that users import. */
export const TESTING_ENTRIES = ["testing", "vitest", "playwright", "jest"];

/** Statements that add the matchers of the bundle to a test runner when its entry is imported. */
const REGISTRATIONS = {
  vitest: { imports: 'import { expect } from "vitest";\n', statement: "expect.extend(bundle.matchers);\n" },
  jest: { imports: "", statement: "globalThis.expect.extend(bundle.matchers);\n" },
};

/** Files that contain only types, which the entries export. */
export const TYPE_FILES = [
  "engine-types",
  "matcher-types",
  "emulator-types",
  "fixture-types",
  "fake-provider-types",
  "fake-provider-names",
];

const require = createRequire(import.meta.url);

/** Returns the declarations of a source file. Entries and type files import only each other's types. */
function buildDeclarations(root, name) {
  // `import` would search the whole compiler for the names that it exports, which takes a second.
  const typescript = require("typescript");
  const file = join(SOURCE_FOLDER, `${name}.ts`);
  const { outputText, diagnostics } = typescript.transpileDeclaration(readFileSync(join(root, file), "utf8"), {
    fileName: file,
    reportDiagnostics: true,
    compilerOptions: {
      isolatedDeclarations: true,
      declaration: true,
      strict: true,
      target: "es2022",
      module: "esnext",
    },
  });
  const [problem] = diagnostics ?? [];
  if (problem !== undefined)
    throw new Error(`${file}: ${typescript.flattenDiagnosticMessageText(problem.messageText, "\n")}`);
  return outputText.replaceAll(/^ *\/\/ biome-ignore.*\n/gm, "");
}

/** Returns the public declarations by file name. */
export function buildTestingDeclarations(root) {
  const names = [...TESTING_ENTRIES, ...TYPE_FILES];
  return new Map(names.map((name) => [name, buildDeclarations(root, name)]));
}

/** Returns the names of the values that declarations export. */
function listExports(declarations) {
  return [...declarations.matchAll(/^export declare (?:async )?(?:function|const) (\w+)/gm)].map(([, name]) => name);
}

/** Writes the modules and their types to dist/. */
export function writeTestingModules(root, dist) {
  const shared = `require("./main.cjs")(require, module, exports, __filename, __dirname, undefined, true);\n`;
  writeFileSync(join(dist, TESTING_FILE), shared);
  const folder = join(dist, "testing");
  mkdirSync(folder);
  const write = (name, text) => writeFileSync(join(folder, name), text);
  for (const [name, declarations] of buildTestingDeclarations(root)) {
    write(`${name}.d.ts`, declarations);
    write(`${name}.d.cts`, declarations.replaceAll(/(from "\.\/[\w-]+)\.js"/g, '$1.cjs"'));
    if (!TESTING_ENTRIES.includes(name)) continue;
    const names = listExports(declarations);
    const bundle = `../${TESTING_FILE}`;
    const { imports = "", statement = "" } = REGISTRATIONS[name] ?? {};
    const declaration = names.length === 0 ? "" : `export const { ${names.join(", ")} } = bundle;\n`;
    write(`${name}.js`, `import bundle from "${bundle}";\n${imports}${statement}${declaration}`);
    if (imports !== "") continue; // Vitest cannot be required.
    write(
      `${name}.cjs`,
      `const bundle = require("${bundle}");\n${statement}module.exports = { ${names.map((key) => `${key}: bundle.${key}`).join(", ")} };\n`,
    );
  }
}
