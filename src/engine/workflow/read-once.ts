import type { Definitions } from "../../ports/definitions.js";
import type { EngineContext } from "../context/engine-context.js";

/** Remembers what a reader answered by key, failures included. */
function remember<T>(read: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (key) => {
    let answer = known.get(key);
    if (answer === undefined) {
      answer = read(key);
      known.set(key, answer);
    }
    return answer;
  };
}

/** Returns a context for one operation over many due moments or chunks: all of them see the same files. */
export function readFilesOnce<Stores>(context: EngineContext<Stores>): EngineContext<Stores> {
  return { ...context, definitions: readOnce(context.definitions) };
}

/** Returns definitions of which each is read once, when it is first asked for. */
export function readOnce(definitions: Definitions): Definitions {
  const environment = remember(() => definitions.environment());
  const audiences = remember(() => definitions.audiences());
  const translations = remember(() => definitions.translations());
  const workflowKeys = remember(() => definitions.workflowKeys());
  const branches = new Map<string, Definitions | null>();
  const once: Definitions = {
    ...definitions,
    workflow: remember((key) => definitions.workflow(key)),
    emailLayout: remember((key) => definitions.emailLayout(key)),
    partial: remember((key) => definitions.partial(key)),
    request: remember((key) => definitions.request(key)),
    workflowKeys: () => workflowKeys(""),
    environment: () => environment(""),
    audiences: () => audiences(""),
    translations: () => translations(""),
    branch(slug) {
      let found = branches.get(slug);
      if (found === undefined) {
        const branch = definitions.branch?.(slug) ?? null;
        // A branch is itself for the branch that it is.
        found = branch === definitions ? once : branch && readOnce(branch);
        branches.set(slug, found);
      }
      return found;
    },
  };
  return once;
}
