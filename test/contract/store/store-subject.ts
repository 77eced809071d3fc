import type { Store } from "../../../src/ports/store.js";

/** A kind of store that the contract tests. */
export interface StoreSubject {
  /** Returns a new, empty location that all stores opened there share. Called for each test. */
  createLocation(): Promise<string>;
  open(location: string, options?: { now?: () => number }): Promise<Store>;
  /** Runs statements on the tables of a location, as a store of an earlier version may have left them. */
  execute(location: string, statements: readonly string[]): Promise<void>;
  /**
   * How another process opens the location: the path of the module, relative to the repository, the function that it exports,
   * and the options for it.
   */
  module: { path: string; openFunction: string; options?: { driver: string } };
}
