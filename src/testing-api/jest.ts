import type { EngineMatchers } from "./matcher-types.js";

/** Importing this module in a file of `setupFilesAfterEnv` adds the matchers to Jest's `expect`. */
declare global {
  namespace jest {
    // biome-ignore lint/complexity/noBannedTypes: the declaration must repeat the type parameters of Jest.
    interface Matchers<R, T = {}> extends EngineMatchers {}
  }
}
