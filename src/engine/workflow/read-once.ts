import type { Definitions } from "../../ports/definitions.js";
import type { EngineContext } from "../context/engine-context.js";

/** Returns a reader that caches the results by key, including failures. */
function memoizeByKey<T>(read: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (key) => {
    let result = known.get(key);
    if (result === undefined) {
      result = read(key);
      known.set(key, result);
    }
    return result;
  };
}

/** Returns a context for one operation with many due times or chunks, in which all of them read the same files. */
export function readFilesOnce<Stores>(context: EngineContext<Stores>): EngineContext<Stores> {
  return { ...context, definitions: readOnce(context.definitions) };
}

/** Returns definitions that are read once, on first use. */
export function readOnce(definitions: Definitions): Definitions {
  const environment = memoizeByKey(() => definitions.environment());
  const audiences = memoizeByKey(() => definitions.audiences());
  const translations = memoizeByKey(() => definitions.translations());
  const workflowKeys = memoizeByKey(() => definitions.workflowKeys());
  const branches = new Map<string, Definitions | null>();
  const cached: Definitions = {
    ...definitions,
    workflow: memoizeByKey((key) => definitions.workflow(key)),
    emailLayout: memoizeByKey((key) => definitions.emailLayout(key)),
    partial: memoizeByKey((key) => definitions.partial(key)),
    request: memoizeByKey((key) => definitions.request(key)),
    workflowKeys: () => workflowKeys(""),
    environment: () => environment(""),
    audiences: () => audiences(""),
    translations: () => translations(""),
    branch(slug) {
      let found = branches.get(slug);
      if (found === undefined) {
        const branch = definitions.branch?.(slug) ?? null;
        // The branch may be the branch that these definitions belong to.
        found = branch === definitions ? cached : branch && readOnce(branch);
        branches.set(slug, found);
      }
      return found;
    },
  };
  return cached;
}
