import type { LocalOperations } from "../../../ports/operations.js";
import type { StoreSnapshot } from "../../../ports/store-control.js";
import type { Faults, SavedFaults } from "../../../providers/faults.js";
import { findNearest } from "../../../util/find-nearest.js";
import { toIsoTime } from "../../../util/iso-time.js";
import type { JsonObject } from "../../../util/json.js";
import { ApiError, createNotFoundError } from "./http/api-error.js";

/** Limits the number of snapshots of a store, because each is a copy of it in memory. */
const MAX_SNAPSHOTS = 64;

interface SavedState {
  store: StoreSnapshot;
  faults: SavedFaults;
  saved_at: string;
  now: string;
}

interface SnapshotSources {
  operations: Pick<LocalOperations, "readClock">;
  faults: Faults;
  takeSnapshot(): Promise<StoreSnapshot>;
}

/** The snapshots of one store, with the faults that were active. They end with the process or with their scene. */
export class Snapshots {
  private readonly states = new Map<string, SavedState>();

  constructor(private readonly sources: SnapshotSources) {}

  /** Saves the present state under a name. Throws 422 for a name that is taken, unless it may be replaced. */
  async save(name: string, isForced: boolean): Promise<JsonObject> {
    const { states, sources } = this;
    const previous = states.get(name);
    if (previous !== undefined && !isForced)
      throw new ApiError(422, "conflict", `There is already a snapshot "${name}"; replace it with {"force":true}`);
    if (previous === undefined && states.size >= MAX_SNAPSHOTS)
      throw new ApiError(
        422,
        "too_many_snapshots",
        `There are already ${MAX_SNAPSHOTS} snapshots; delete one with DELETE /__knock/snapshots/<name>`,
      );
    const { now } = await sources.operations.readClock();
    const state = {
      store: await sources.takeSnapshot(),
      faults: sources.faults.save(),
      saved_at: toIsoTime(Date.now()),
      now,
    };
    previous?.store.close();
    states.set(name, state);
    return serializeState(name, state);
  }

  list(): JsonObject[] {
    return [...this.states].map(([name, state]) => serializeState(name, state));
  }

  /** Brings a state back. Throws 404 for an unknown name. */
  async restore(name: string): Promise<JsonObject> {
    const state = this.find(name);
    await state.store.restore();
    this.sources.faults.restore(state.faults);
    return { restored: name, now: (await this.sources.operations.readClock()).now };
  }

  /** Deletes a snapshot. Throws 404 for an unknown name. */
  delete(name: string): void {
    this.find(name).store.close();
    this.states.delete(name);
  }

  private find(name: string): SavedState {
    const state = this.states.get(name);
    if (state !== undefined) return state;
    const near = findNearest(name, this.states.keys());
    const hint = near === undefined ? "POST /__knock/snapshots saves one" : `did you mean ${JSON.stringify(near)}?`;
    throw createNotFoundError(`There is no snapshot ${JSON.stringify(name)}; ${hint}`);
  }
}

const serializeState = (name: string, { saved_at, now }: SavedState): JsonObject => ({ name, saved_at, now });
