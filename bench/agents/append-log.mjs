import { appendFileSync } from "node:fs";

/** Appends one line of JSON to the file of KNOCK_AGENT_LOG, if it is set. */
export function appendLog(entry) {
  const file = process.env.KNOCK_AGENT_LOG;
  if (file !== undefined && file !== "")
    appendFileSync(file, `${JSON.stringify({ time: new Date().toISOString(), ...entry })}\n`);
}
