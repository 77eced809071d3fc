// Bundles the command and the library into dist/. The command is one CommonJS file, which starts faster than split ESM;
// heavy packages that few commands need stand beside it, each bundled on its own and loaded when used.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const dist = join(root, "dist");
const require = createRequire(import.meta.url);
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** Bundled apart, so that a start that does not need them does not read them; whether each is used by its default export. */
const APART = { undici: false, conf: true, ora: true, luxon: false };

const native = ["@photostructure/sqlite", "node:sqlite"];

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node20.18",
  format: "cjs",
  minify: true,
  keepNames: false,
  legalComments: "none",
  logLevel: "warning",
  define: { __VERSION__: JSON.stringify(version), "import.meta.url": "__importMetaUrl" },
  // liquidjs' Node build loads streams and the file system at start; templates here never come from files.
  alias: {
    liquidjs: join(dirname(require.resolve("liquidjs")), "liquid.browser.mjs"),
    // jsonc-parser's main file requires its parts in a way that no bundler can follow.
    "jsonc-parser": join(root, "node_modules/jsonc-parser/lib/esm/main.js"),
    // output/ decides about colour itself; chalk's own detection would load os and tty.
    "#supports-color": join(root, "node_modules/chalk/source/vendor/supports-color/browser.js"),
  },
};

/** Packages bundled apart are required from their own file. */
const apart = {
  name: "apart",
  setup({ onResolve }) {
    onResolve({ filter: new RegExp(`^(${Object.keys(APART).join("|")})$`) }, ({ path }) => ({
      path: `./vendor/${path}.cjs`,
      external: true,
    }));
  },
};

/** commander loads child_process for subcommands that are programs of their own, of which there are none. */
const noChildProcess = {
  name: "no-child-process",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      importer.includes("/commander/") ? { path: "none", namespace: "none" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "none" }, () => ({ contents: "module.exports = {};" }));
  },
};

rmSync(dist, { recursive: true, force: true });
mkdirSync(join(dist, "vendor"), { recursive: true });

const banner = { js: 'const __importMetaUrl = require("node:url").pathToFileURL(__filename).href;' };

await Promise.all([
  build({
    ...common,
    entryPoints: ["src/main.ts"],
    outfile: join(dist, "main.cjs"),
    external: native,
    plugins: [apart, noChildProcess],
    // Without a performance object liquidjs times by Date, and perf_hooks stays unloaded.
    define: { __VERSION__: JSON.stringify(version), "global.performance": "undefined" },
    supported: { "dynamic-import": false },
    // A function expression, which the loader compiles as it stands: joining strings of this size at start would copy them.
    banner: { js: "(function (require, module, exports, __filename, __dirname) {" },
    footer: { js: "})" },
  }),
  ...Object.entries(APART).map(([name, byDefault]) =>
    build({
      ...common,
      banner,
      // An import's default is what Node would make it, the whole of a CommonJS module: so the default has to be that.
      ...(byDefault ? { footer: { js: "module.exports = module.exports.default;" } } : {}),
      stdin: {
        contents: byDefault ? `export { default } from "${name}";` : `export * from "${name}";`,
        resolveDir: root,
      },
      outfile: join(dist, "vendor", `${name}.cjs`),
    }),
  ),
]);

// The code cache of one build must never serve another.
const id = createHash("sha256")
  .update(readFileSync(join(dist, "main.cjs")))
  .digest("hex")
  .slice(0, 16);
const loader = readFileSync(join(root, "scripts", "load-cached.cjs"), "utf8");
writeFileSync(join(dist, "knock.cjs"), loader.replaceAll("__BUILD_ID__", id));
