import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Bundles `bench/<name>.ts`, and returns the path of the bundle. `options` are more options of esbuild. */
export async function bundleMain(name, options) {
  const outfile = join(root, "node_modules", ".cache", `${name}.mjs`);
  await build({
    entryPoints: [join(root, "bench", `${name}.ts`)],
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.18",
    outfile,
    logLevel: "warning",
    alias: { liquidjs: join(root, "node_modules/liquidjs/dist/liquid.node.mjs") },
    ...options,
  });
  return outfile;
}

/** The packages that a bundle with the store and the engine loads from `node_modules`. */
export const STORE_EXTERNALS = ["node:sqlite", "luxon", "juice/client.js", "mrml"];
/** The packages that a bundle with the PostgreSQL store and its due work also loads. */
export const POSTGRES_EXTERNALS = [...STORE_EXTERNALS, "pg", "pg-native", "pg-copy-streams", "graphile-worker"];
