import type { Store } from "../../../src/ports/store.js";

/** A kind of store under contract. */
export interface StoreSubject {
  /** A new, empty place to store in, shared by every store opened there. Called for every test. */
  createLocation(): Promise<string>;
  open(location: string, options?: { now?: () => number }): Promise<Store>;
  /** How another process opens the same place: the module, relative to the repository, and its export. */
  module: { path: string; openFunction: string };
}
