import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const TESTS = "test";
/** The module that opens a store of the kind that the test run is for. */
const OPENS_STORE = join(TESTS, "helpers/open-test-store.ts");
const STORE_VARIABLE = "KNOCK_TEST_STORE";
/** An import of a module of the tests, other than one of types only. */
const IMPORT = /^(?:import|export) (?!type )[^;]*?"(\.[^"]+)\.js"|import\("(\.[^"]+)\.js"\)/gm;

/** Returns whether a file of the tests imports the module that opens a store, directly or through others. */
function opensStore(file: string, seen: Set<string>): boolean {
  if (file === OPENS_STORE) return true;
  if (seen.has(file) || !file.startsWith(TESTS) || !existsSync(file)) return false;
  seen.add(file);
  return [...readFileSync(file, "utf8").matchAll(IMPORT)].some(([, path, loaded]) =>
    opensStore(join(dirname(file), `${path ?? loaded}.ts`), seen),
  );
}

/** Returns the test files whose result cannot depend on the kind of store that the test run is for. */
export function listTestsWithoutStore(): string[] {
  return readdirSync(TESTS, { recursive: true, encoding: "utf8" })
    .map((name) => join(TESTS, name))
    .filter((file) => file.endsWith(".test.ts"))
    .filter((file) => !readFileSync(file, "utf8").includes(STORE_VARIABLE) && !opensStore(file, new Set()));
}
