import { execFileSync } from "node:child_process";

/** The suite drives the built command: build it once, before any test. */
export default function setup(): void {
  execFileSync(process.execPath, ["scripts/build.mjs"], { stdio: "inherit" });
}
