import { execFileSync } from "node:child_process";
import { bundleMain, POSTGRES_EXTERNALS } from "../bundle-main.mjs";

const MAX_SECONDS = 300;

/**
 * Measures the hot path of the store beside its floors in an empty database. `prefix` selects cases by the beginning of their names.
 * Returns a row for each case.
 */
export async function measureStore({ url, folder }, { rounds, prefix = "" }) {
  const bundle = await bundleMain("scale/store-main", { external: POSTGRES_EXTERNALS });
  const output = execFileSync(process.execPath, [bundle, url, folder, String(rounds), prefix], {
    timeout: MAX_SECONDS * 1_000,
    maxBuffer: 1 << 20,
  });
  return JSON.parse(String(output));
}

/** Compares a case with its floor: by its rate, and by CPU time, which is null if that of the server is not known. */
export function compareWithFloor(rows, name) {
  const [own, floor] = [name, `${name} floor`].map((wanted) => rows.find((row) => row.case === wanted));
  const cpu = (row) => row.client_us + row.server_us;
  return { rate: own.per_second / floor.per_second, cpu: cpu(own) > 0 ? cpu(floor) / cpu(own) : null, own, floor };
}
