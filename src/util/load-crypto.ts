import { getBuiltinModule } from "node:process";

/** Returns `node:crypto`, which is loaded at the first call, because that takes 5 ms. */
export function loadCrypto(): typeof import("node:crypto") {
  return getBuiltinModule("node:crypto");
}
