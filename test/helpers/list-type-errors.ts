import { createRequire } from "node:module";
import { join } from "node:path";
import type TypeScript from "typescript";
import { isJsonObject, type Json } from "../../src/util/json.js";

// `import` would search the whole compiler for the names that it exports, which takes a second.
const ts = createRequire(import.meta.url)("typescript") as typeof TypeScript;

/** A value and the type that it must have, as an expression of TypeScript. */
interface TypedValue {
  name: string;
  type: string;
  value: Json;
}

/** Returns the type that has only this value, so that unions are discriminated and additional properties are allowed. */
function toTypeLiteral(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(toTypeLiteral).join(", ")}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([key, child]) => `${JSON.stringify(key)}: ${toTypeLiteral(child)}`)
    .join("; ")} }`;
}

/** Returns the compiler's errors about values that do not have their types, each with the value's name. */
export function listTypeErrors(imports: string, values: readonly TypedValue[]): string[] {
  const fileName = join(import.meta.dirname, "typed-values.ts");
  const lines = values.map(
    ({ type, value }) => `{ const value: ${type} = null! as ${toTypeLiteral(value)}; void value; }`,
  );
  const text = [imports, ...lines].join("\n");
  const options: TypeScript.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    // The checked types contain only data, so the types of browsers and of Node.js need not be read.
    lib: ["lib.es2022.d.ts"],
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (name, ...rest) =>
    name === fileName ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2022) : getSourceFile(name, ...rest);
  host.fileExists = (name) => name === fileName || fileExists(name);
  host.readFile = (name) => (name === fileName ? text : readFile(name));
  const program = ts.createProgram([fileName], options, host);
  const importLines = imports.split("\n").length;
  const source = program.getSourceFile(fileName);
  return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map((diagnostic) => {
    const { line } = diagnostic.file?.getLineAndCharacterOfPosition(diagnostic.start ?? 0) ?? { line: 0 };
    const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, "\n");
    return `${values[line - importLines]?.name}: ${message}`;
  });
}
