import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomically } from "../../context/write-file-atomically.js";
import { isJsonObject, type Json } from "../../util/json.js";

/** The state of a push. Resources are named in the order of the push. */
export interface PushState {
  resources: string[];
  pushed: string[];
  /** The resources to commit after the push; empty without a message. */
  toCommit: string[];
  committed: string[];
  message: string | null;
  force: boolean;
}

const isTextList = (value: Json | undefined): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");

/**
 * Records what a push has done, so that a later command names an incomplete push and continues it. It is written before and after each
 * request, and deleted when the push is complete.
 */
export class PushJournal {
  private readonly path: string;

  constructor(folder: string) {
    this.path = join(folder, "push.json");
  }

  /** Returns the state of an incomplete push, or null. */
  read(): PushState | null {
    if (!existsSync(this.path)) return null;
    try {
      const state = JSON.parse(readFileSync(this.path, "utf8")) as Json;
      if (!isJsonObject(state)) return null;
      const { resources, pushed, toCommit, committed, message, force } = state;
      if (!isTextList(resources) || !isTextList(pushed) || !isTextList(toCommit) || !isTextList(committed)) return null;
      return {
        resources,
        pushed,
        toCommit,
        committed,
        message: typeof message === "string" ? message : null,
        force: force === true,
      };
    } catch {
      return null;
    }
  }

  write(state: PushState): void {
    writeFileAtomically(this.path, JSON.stringify(state));
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }
}

/** Returns the resources that a push has not sent. */
export const listUnpushed = ({ resources, pushed }: PushState): string[] =>
  resources.filter((name) => !pushed.includes(name));

export const listUncommitted = ({ toCommit, committed }: PushState): string[] =>
  toCommit.filter((name) => !committed.includes(name));
