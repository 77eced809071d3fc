// Bundles and runs liquid-main.ts, which renders Liquid templates with liquidjs and as compiled JavaScript in one process, and
// prints the microseconds of CPU time. `first_rendering_us` is the additional time of the rendering that compiles the template.
// `node bench/liquid.mjs [rounds]`; --save writes bench/results/liquid.json.
import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleMain } from "./bundle-main.mjs";
import { saveResult } from "./save-result.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const [rounds = 9] = process.argv.slice(2).filter((word) => /^\d+$/.test(word));
const bundle = await bundleMain("liquid-main", { packages: "external" });

const rows = JSON.parse(String(execFileSync(process.execPath, [bundle, root, String(rounds)])));
console.table(rows);
saveResult("liquid", { rounds: Number(rounds), rows });
