import { describe, it } from "vitest";
import { type TestEmulator, withApi } from "./test-emulator.js";

/** A case of an official client. It runs on an emulator of its own, and on servers of a shared store. */
export interface ClientCase {
  title: string;
  run(api: TestEmulator): Promise<void>;
}

export function describeClientCases(name: string, cases: readonly ClientCase[]): void {
  describe(name, () => {
    it.each(cases.map(({ title, run }) => [title, run] as const))("%s", (_title, run) => withApi(run));
  });
}
