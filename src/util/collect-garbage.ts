import { getBuiltinModule } from "node:process";

/**
 * Frees memory that this thread no longer uses. V8 does it only when the thread needs more memory, which a thread that waits for
 * another one does not. The flag is restored, because V8 refuses compiled code that was stored with other flags.
 */
export function collectGarbage(): void {
  const { setFlagsFromString } = getBuiltinModule("node:v8");
  setFlagsFromString("--expose-gc");
  try {
    (getBuiltinModule("node:vm").runInNewContext("gc") as () => void)();
  } finally {
    setFlagsFromString("--no-expose-gc");
  }
}
