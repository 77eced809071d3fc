import type { Definitions } from "../../ports/definitions.js";
import type { EngineContext } from "../context/engine-context.js";

/** Remembers what a reader answered by key, failures included. */
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

/** Returns a context for one operation over many due moments or chunks: all of them see the same files. */
export function readFilesOnce<Stores>(context: EngineContext<Stores>): EngineContext<Stores> {
  return { ...context, definitions: readOnce(context.definitions) };
}

/** Returns definitions of which each is read once, when it is first asked for. */
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
        // A branch is itself for the branch that it is.
        found = branch === definitions ? cached : branch && readOnce(branch);
        branches.set(slug, found);
      }
      return found;
    },
  };
  return cached;
}
