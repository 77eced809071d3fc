import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type TypeScript from "typescript";
import { expect, it } from "vitest";
import { SizedCache } from "../../src/util/sized-cache.js";

// `import` would search the whole compiler for the names that it exports, which takes a second.
const ts = createRequire(import.meta.url)("typescript") as typeof TypeScript;

const SOURCE = join(import.meta.dirname, "../../src");

/** Values of modules that are changed, with the reason why they cannot grow without a limit. */
const LIMITED: Readonly<Record<string, string>> = {
  "engine/render/email/html-to-text.ts TEXT_AT_END": "filled while the module is loaded",
  "engine/run/advance-within-limit.ts jobs": "a queue",
  "providers/aws/read-sns-message.ts keys": "emptied when it has MAX_KEYS entries",
  "store/sqlite/connection/driver.ts loadedDrivers": "one entry for each driver",
  "util/iso-time.ts cachedTimes": "an index below a constant",
  "util/iso-time.ts cachedTexts": "an index below a constant",
};

const CHANGING_METHODS = new Set(["set", "add", "push", "unshift", "splice"]);

/** Returns whether a value can grow: a map, a set, a list or an object. Weak maps and sized caches are limited. */
function canGrow(node: TypeScript.Expression): boolean {
  if (ts.isAsExpression(node) || ts.isSatisfiesExpression(node)) return canGrow(node.expression);
  if (ts.isArrayLiteralExpression(node) || ts.isObjectLiteralExpression(node)) return true;
  if (ts.isNewExpression(node)) return ["Map", "Set"].includes(node.expression.getText());
  if (!ts.isCallExpression(node)) return false;
  const [created] = node.arguments;
  if (node.expression.getText() === "Object.create") return true;
  // A value that a function creates at its first call.
  return created !== undefined && ts.isArrowFunction(created) && ts.isExpression(created.body) && canGrow(created.body);
}

/** Returns the values of a module that can grow and that its code changes. */
function listGrowingValues(file: string): string[] {
  const text = readFileSync(join(SOURCE, file), "utf8");
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const names = new Set<string>();
  const add = (name: TypeScript.Node, initializer: TypeScript.Expression | undefined): void => {
    if (initializer !== undefined && canGrow(initializer)) names.add(name.getText());
  };
  for (const statement of source.statements) {
    if (ts.isVariableStatement(statement))
      for (const { name, initializer } of statement.declarationList.declarations) add(name, initializer);
    if (ts.isClassDeclaration(statement))
      for (const member of statement.members)
        if (
          ts.isPropertyDeclaration(member) &&
          member.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword)
        )
          add(member.name, member.initializer);
  }
  if (names.size === 0) return [];
  const changed = new Set<string>();
  const getName = (node: TypeScript.Node): string => {
    if (ts.isCallExpression(node)) return getName(node.expression);
    return ts.isPropertyAccessExpression(node) ? node.name.text : node.getText();
  };
  const visit = (node: TypeScript.Node): void => {
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      if (CHANGING_METHODS.has(node.expression.name.text)) changed.add(getName(node.expression.expression));
    } else if (
      ts.isBinaryExpression(node) &&
      node.operatorToken.kind >= ts.SyntaxKind.FirstAssignment &&
      node.operatorToken.kind <= ts.SyntaxKind.LastAssignment &&
      ts.isElementAccessExpression(node.left)
    )
      changed.add(getName(node.left.expression));
    ts.forEachChild(node, visit);
  };
  visit(source);
  return [...names].filter((name) => changed.has(name)).map((name) => `${file} ${name}`);
}

it("no value of a module grows without a limit in bytes", () => {
  const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter((file) => /\.tsx?$/.test(file));
  const growing = files.filter((file) => !file.startsWith("page/")).flatMap(listGrowingValues);
  expect(growing.sort()).toEqual(Object.keys(LIMITED).sort());
});

it("a cache is emptied before its entries exceed the limit, and never contains one that alone exceeds it", () => {
  const cache = new SizedCache<number>(10_000);
  for (let index = 0; index < 100; index++) cache.set(`key ${index}`, index, 500);
  const kept = Array.from({ length: 100 }, (_, index) => cache.get(`key ${index}`)).filter(
    (value) => value !== undefined,
  );
  expect(kept.length).toBeLessThanOrEqual(16);
  expect(cache.get("key 99")).toBe(99);
  cache.set("large", 1, 10_000);
  cache.set("x".repeat(5_000), 2, 0);
  expect([cache.get("large"), cache.get("x".repeat(5_000)), cache.get("key 99")]).toEqual([undefined, undefined, 99]);
});
