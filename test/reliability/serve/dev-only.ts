/** Parts of an emulator that cases use and the servers of a shared store do not have, with the reason. */
export const DEV_ONLY_PARTS: Record<string, string> = {
  "harness.at": "moves the clock, which all users of a shared store have in common",
  "harness.audiences": "adds an audience to the project for one case",
  "harness.define": "adds a workflow to the project for one case",
  "harness.defineGuide": "replaces a guide, which all users of the project see",
  "harness.deliveredMessages": "reads what a provider in the process of the test received",
  "harness.environment": "changes the environment for one case",
};

const LISTS_ALL = "expects that a list of the whole store has nothing of other cases";

/** Cases whose expectations are those of an emulator, with the reason. */
export const DEV_ONLY_CASES: Record<string, string> = {
  "A-002 returns the OpenAPI document": "only knock dev has this route",
  "AC-115 identifies users in bulk, with progress": "servers of a shared store answer once a bulk operation has ended",
  "A-061 filters by time with brackets": "expects the time of an emulator",
  "AC-240 returns a created schedule in a bare list": LISTS_ALL,
  "AC-246 lists waiting runs": LISTS_ALL,
  "A-208 A-610 finds guides' messages by their channel and source, and marks them like others": LISTS_ALL,
};

/** A case needs a part of an emulator that servers do not have. */
export class DevOnlyError extends Error {
  constructor(readonly part: string) {
    super(`servers do not have ${part}`);
  }
}

/** Returns an object with the given parts. Others throw a {@link DevOnlyError}. */
export function limitTo<T extends object>(path: string, parts: object): T {
  return new Proxy(parts, {
    get(target, name) {
      if (name in target || typeof name === "symbol" || name === "then") return Reflect.get(target, name);
      throw new DevOnlyError(`${path}.${name}`);
    },
  }) as T;
}
