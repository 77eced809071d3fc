import { getBuiltinModule } from "node:process";

/** Returns whether the standalone executable runs, whose files are inside it, where only its main thread can read them. */
export function isExecutable(): boolean {
  return getBuiltinModule("node:sea").isSea();
}
