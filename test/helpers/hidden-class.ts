import { setFlagsFromString } from "node:v8";

/** Returns whether V8 reads properties of both objects in the same way. Code that meets many hidden classes is slow. */
export function haveSameHiddenClass(one: object, other: object): boolean {
  setFlagsFromString("--allow-natives-syntax");
  try {
    return new Function("one", "other", "return %HaveSameMap(one, other)")(one, other);
  } finally {
    setFlagsFromString("--no-allow-natives-syntax");
  }
}
