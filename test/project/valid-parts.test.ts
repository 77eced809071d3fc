import { join } from "node:path";
import { describe, expect } from "vitest";
import { KnockError } from "../../src/errors/knock-error.js";
import { openProject } from "../../src/project/open-project.js";
import { isJsonObject, type Json, type JsonObject } from "../../src/util/json.js";
import { inProcessTest as it } from "../helpers/run-in-process.js";
import type { Sample } from "../helpers/run-knock.js";

type Path = readonly (string | number)[];

/** Yields the paths of all values in a document. */
function* listPaths(value: Json, path: Path = []): Generator<Path> {
  if (path.length > 0) yield path;
  if (Array.isArray(value)) for (const [index, item] of value.entries()) yield* listPaths(item, [...path, index]);
  else if (isJsonObject(value)) for (const [key, item] of Object.entries(value)) yield* listPaths(item, [...path, key]);
}

const CHANGES: Readonly<Record<string, (owner: JsonObject, key: string) => void>> = {
  "replaced by a number": (owner, key) => Object.assign(owner, { [key]: 5 }),
  "replaced by an object": (owner, key) => Object.assign(owner, { [key]: {} }),
  removed: (owner, key) => void delete owner[key],
  renamed: (owner, key) => {
    Object.assign(owner, { [`${key}x`]: owner[key] });
    delete owner[key];
  },
};

/** Returns the pointers of the errors of a workflow, and whether a part of it can be used. */
async function readErrors({ dir }: Sample, key: string, isTolerant: boolean) {
  const errors: KnockError[] = [];
  const location = { root: dir, knockDir: join(dir, "knock"), settings: {} };
  const onInvalid = (error: KnockError): void => void errors.push(error);
  const project = openProject({ ...location, ...(isTolerant ? { onInvalid } : {}) }, dir);
  let isUsable = true;
  try {
    await project.workflow(key);
  } catch (error) {
    if (!(error instanceof KnockError)) throw error;
    errors.push(error);
    isUsable = false;
  }
  return { pointers: new Set(errors.flatMap(({ details }) => details.map(({ pointer }) => pointer))), isUsable };
}

describe.concurrent("the valid parts of an invalid workflow", () => {
  it.for(Object.entries(CHANGES))("have the same errors if a value is %s", async ([, change], { shop }) => {
    const file = "knock/workflows/order-paid/workflow.json";
    const document = JSON.parse(shop.read(file)) as JsonObject;
    let unusable = 0;
    for (const path of listPaths(document)) {
      const changed = structuredClone(document);
      const owner = path.slice(0, -1).reduce<Json>((value, key) => (value as JsonObject)[key] as Json, changed);
      if (Array.isArray(owner)) continue;
      change(owner as JsonObject, String(path.at(-1)));
      shop.write(file, changed);
      const strict = await readErrors(shop, "order-paid", false);
      const { pointers, isUsable } = await readErrors(shop, "order-paid", true);
      expect(pointers, path.join(".")).toEqual(strict.pointers);
      if (!isUsable) unusable++;
    }
    // Only a workflow without steps has no valid part.
    expect(unusable).toBeLessThanOrEqual(1);
  });
});
