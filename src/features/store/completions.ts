import { type Completions, type ListValues, toCandidate } from "../../commands/shared/feature.js";
import { SnapshotFolder } from "./snapshots/snapshot-folder.js";

const listSnapshots: ListValues = async (_project, { values }, _current, { target }) => {
  const flags = { project: values.get("--project"), store: values.get("--store"), local: true };
  return new SnapshotFolder((await target.locate(flags)).location).list().map(toCandidate);
};

export const COMPLETIONS: Completions = {
  options: {},
  arguments: { "snapshot name": listSnapshots, "snapshot other": listSnapshots },
};
