import { toIsoTime } from "../util/iso-time.js";

/** Returns a time in ISO 8601. A text is returned unchanged, because the scenario's schema or the API checks it. */
export function serializeTime(time: string | Date): string {
  return time instanceof Date ? toIsoTime(time.getTime()) : time;
}
