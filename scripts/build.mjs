// Bundles the command into dist/: one CommonJS file, which starts faster than split ESM, and a smaller one for notify.
// Large packages that few commands need are bundled separately in dist/vendor and loaded when they are used.
// --check-licenses only checks that every bundled package has a license that permits it. --out writes to another folder.
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { brotliCompressSync, constants } from "node:zlib";
import { build } from "esbuild";
import { buildPages } from "./build-page.mjs";
import { TESTING_ENTRIES, writeTestingModules } from "./build-testing.mjs";
import {
  COMPRESSED_WASM,
  completionWithoutPrompts,
  compressedWasm,
  confWithoutSchemas,
  databaseOnly,
  defaultSpinners,
  LATE_CLASSES,
  LATE_OWN_FUNCTIONS,
  LATE_PACKAGES,
  lateClasses,
  lateFunctions,
  lateOwnFunctions,
  logAndMetricsOnly,
  mcpWithoutValidator,
  noChildProcess,
  noPublishedSchemas,
  quicktypeLanguages,
  undiciWithoutMocks,
} from "./bundle-plugins.mjs";
import { buildSbom } from "./sbom.mjs";
import { formatNotices, readPackages } from "./third-party-notices.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { values: flags } = parseArgs({ options: { "check-licenses": { type: "boolean" }, out: { type: "string" } } });
/**
 * The build is written to a temporary folder that then replaces dist/, so that commands that run during a build use the
 * previous one.
 */
const dist = flags.out === undefined ? join(root, `.dist-${process.pid}`) : `${resolve(flags.out)}-${process.pid}`;
const require = createRequire(import.meta.url);
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/**
 * Packages that are bundled separately, so that a start that does not need them does not read them. True: the package
 * is used by its default export. A name, or names with commas: only these exports are used.
 */
const APART = {
  undici: false,
  ws: false,
  conf: true,
  ora: true,
  jose: false,
  luxon: false,
  "urlpattern-polyfill/urlpattern": false,
  "jsonc-parser": false,
  cheerio: false,
  picomatch: true,
  minisearch: true,
  diff: false,
  "csv-parse": false,
  "quicktype-core": "InputData, JSONSchemaInput, JSONSchemaStore, quicktype",
  "@pnpm/tabtab": false,
  "juice/client.js": true,
  mrml: false,
  "@knocklabs/mgmt": true,
  nodemailer: false,
  "nodemailer/lib/mail-composer": true,
};

/** The contents of bundles that share a package: nodemailer contains its composer, but does not export it. */
const SHARED_CONTENTS = {
  nodemailer: `export * from "nodemailer"; export { default as MailComposer } from "nodemailer/lib/mail-composer";`,
  "nodemailer/lib/mail-composer": `export { MailComposer as default } from "../../nodemailer.cjs";`,
};

/**
 * Modules of this project that few starts need. Each is bundled separately and read when it is imported. It has its own
 * copy of the modules that it shares with the command, so errors are recognized by a marker and not by their class.
 */
const LATE_MODULES = [
  "context/open-in-browser",
  "context/refuse-delivery",
  "domain/trigger/recipient-guard",
  "engine/schedule/schedule-times",
  "engine/schedule/time-windows",
  "engine/tracking/track-content",
  "features/completion/completion-script",
  "features/dev/run-command",
  "features/types/generate-types",
  "monitoring/monitoring-parts",
  "project/add-file-locations",
  "providers/start-fake-provider",
  "providers/open-providers",
  "providers/outbound-http-client",
  "remote/resources/create-remote-resources",
  "store/postgres/open-postgres-store",
  "tracing/open-telemetry",
];

const TESTING_EXPORTS = TESTING_ENTRIES.map((name) => `require("./src/testing-api/${name}.ts")`).join(", ");

/**
 * One bundle for all commands, and a smaller one for the command that runs most often. The first also exports `knock-cli/testing`,
 * which shares nearly all of its code, to dist/testing.cjs.
 */
const ENTRIES = {
  main: `if (__IS_TESTING__) Object.assign(exports, ${TESTING_EXPORTS}); else require("./src/main.ts");`,
  "main-notify": `import "./src/main-notify.ts";`,
};

/** The last level of Brotli, 11, takes twice as long and saves 4 % more. */
const WASM_QUALITY = 10;

/** The placeholder for the build's hash. */
const NO_ID = "0".repeat(16);

/**
 * The package with prebuilt SQLite bindings for Node versions without a usable SQLite. Only the bindings are copied, so that
 * users install no dependency, whose install script npm would ask about.
 */
const SQLITE_PACKAGE = "node_modules/@photostructure/sqlite";

/** Files that few commands need. They are decompressed when they are loaded, which takes 1 to 6 ms. */
const COMPRESSED = [
  "vendor/cheerio.cjs",
  "vendor/undici.cjs",
  "vendor/quicktype-core.cjs",
  "vendor/nodemailer.cjs",
  "vendor/entities.cjs",
  "vendor/jose.cjs",
  "vendor/ws.cjs",
  "vendor/luxon.cjs",
  "vendor/ora.cjs",
  "vendor/linkify-it.cjs",
  "vendor/conf.cjs",
  "vendor/csv-parse.cjs",
  "vendor/@knocklabs/mgmt.cjs",
  "vendor/diff.cjs",
  "vendor/picomatch.cjs",
  "vendor/minisearch.cjs",
  "vendor/juice/client.js.cjs",
  "create-remote-resources.cjs",
  "generate-types.cjs",
  "open-postgres-store.cjs",
  "open-providers.cjs",
  "start-fake-provider.cjs",
  "monitoring-parts.cjs",
  "compile-linear-pattern.cjs",
];
const LOAD_COMPRESSED = `const { readFileSync } = require("node:fs");
const { brotliDecompressSync } = require("node:zlib");
module._compile(brotliDecompressSync(readFileSync(__filename + ".br")).toString(), __filename);
`;

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
  metafile: true,
  define: {
    __VERSION__: JSON.stringify(version),
    "import.meta.url": "__importMetaUrl",
    "import.meta.dirname": "__dirname",
  },
  // liquidjs' Node build loads streams and the file system at the start; templates here never come from files.
  alias: {
    liquidjs: join(dirname(require.resolve("liquidjs")), "liquid.browser.mjs"),
    // The main file of jsonc-parser requires its parts in a way that no bundler can follow.
    "jsonc-parser": join(root, "node_modules/jsonc-parser/lib/esm/main.js"),
    // juice needs only cheerio's smaller parser; the full cheerio would add undici and parse5.
    cheerio: join(root, "node_modules/cheerio/dist/esm/slim.js"),
    // quicktype reads with a copy of Node's own streams for browsers.
    "readable-stream": "node:stream",
    // The output folder decides about colors itself; chalk's own detection would load os and tty.
    "#supports-color": join(root, "node_modules/chalk/source/vendor/supports-color/browser.js"),
  },
};

/** Requires separately bundled packages from their own files. */
const apart = {
  name: "apart",
  setup({ onResolve }) {
    onResolve({ filter: new RegExp(`^(${Object.keys(APART).join("|")})$`) }, ({ path }) => ({
      path: `../dist/vendor/${path}.cjs`, // bin/knock.js passes its own require, so the path is relative to bin/.
      external: true,
    }));
  },
};

/** Lets juice require cheerio and entities from their own files, because scenarios and Markdown also use them. */
const sharedPackages = {
  name: "shared-packages",
  setup({ onResolve }) {
    onResolve({ filter: /^cheerio$|\/cheerio\/dist\/esm\/slim\.js$/ }, () => ({
      path: "../cheerio.cjs",
      external: true,
    }));
    onResolve({ filter: /^entities$/ }, () => ({ path: "../entities.cjs", external: true }));
  },
};

/** The plugins of own modules that need one. */
const LATE_MODULE_PLUGINS = {
  "monitoring/monitoring-parts": [logAndMetricsOnly],
  "store/postgres/open-postgres-store": [databaseOnly],
};

/** The plugins of packages that need one. */
const PACKAGE_PLUGINS = {
  "@pnpm/tabtab": [completionWithoutPrompts],
  conf: [confWithoutSchemas],
  mrml: [compressedWasm],
  ora: [defaultSpinners],
  undici: [undiciWithoutMocks],
  "juice/client.js": [sharedPackages],
  "quicktype-core": [quicktypeLanguages],
};

const modulesApart = {
  name: "modules-apart",
  setup({ onResolve }) {
    onResolve(
      { filter: new RegExp(`/(${LATE_MODULES.map((name) => basename(name)).join("|")})\\.js$`), namespace: "file" },
      ({ kind, path, importer }) => {
        if (kind !== "dynamic-import")
          throw new Error(`${importer} must import ${path} when it needs it, not at start`);
        return { path: `../dist/${basename(path, ".js")}.cjs`, external: true };
      },
    );
  },
};

process.once("exit", () => {
  for (const folder of [dist, `${dist}-before`]) rmSync(folder, { recursive: true, force: true });
});
mkdirSync(join(dist, "vendor"), { recursive: true });

const banner = { js: 'const __importMetaUrl = require("node:url").pathToFileURL(__filename).href;' };

const results = await Promise.all([
  buildPages(root, dist),
  ...Object.entries(ENTRIES).map(([name, contents]) =>
    build({
      ...common,
      stdin: { contents, resolveDir: root },
      outfile: join(dist, `${name}.cjs`),
      external: ["node:sqlite"],
      plugins: [
        lateFunctions,
        lateClasses,
        lateOwnFunctions,
        apart,
        modulesApart,
        noChildProcess,
        noPublishedSchemas,
        mcpWithoutValidator,
      ],
      // Without a performance object, liquidjs measures time with Date, and perf_hooks is not loaded.
      define: { ...common.define, "global.performance": "undefined" },
      supported: { "dynamic-import": false },
      // The value of the bundle is a function, which the loader compiles unchanged: joining strings of this size at each
      // start would copy them. As a module, the bundle exports the function.
      banner: {
        js: `/*${NO_ID}*/(typeof module === "object" ? module : {}).exports = (function (require, module, exports, __filename, __dirname, __CACHE_PREFIX__, __IS_TESTING__) {`,
      },
      footer: { js: "})" },
    }),
  ),
  ...[...LATE_MODULES, ...Object.keys(LATE_OWN_FUNCTIONS)].map((name) =>
    build({
      ...common,
      banner,
      entryPoints: [`src/${name}.ts`],
      outfile: join(dist, `${basename(name)}.cjs`),
      plugins: [lateFunctions, lateClasses, lateOwnFunctions, apart, ...(LATE_MODULE_PLUGINS[name] ?? [])],
      supported: { "dynamic-import": false },
    }),
  ),
  ...Object.entries({
    ...APART,
    ...LATE_PACKAGES,
    ...Object.fromEntries(LATE_CLASSES.map((name) => [name, true])),
  }).map(([name, exported]) =>
    build({
      ...common,
      banner,
      // Node gives importers of a CommonJS module the whole module as its default export, so the module must be that
      // export.
      ...(exported === true ? { footer: { js: "module.exports = module.exports.default;" } } : {}),
      stdin: {
        contents:
          SHARED_CONTENTS[name] ??
          `export ${exported ? `{ ${exported === true ? "default" : exported} }` : "*"} from "${name}";`,
        resolveDir: root,
      },
      outfile: join(dist, "vendor", `${name}.cjs`),
      external: ["../../nodemailer.cjs"],
      plugins: PACKAGE_PLUGINS[name] ?? [],
    }),
  ),
]);

const packages = readPackages(
  root,
  results.map(({ metafile }) => metafile),
  [SQLITE_PACKAGE],
);
if (flags["check-licenses"]) {
  console.log(`${packages.length} bundled packages, 0 license problems`);
  process.exit();
}

writeTestingModules(root, dist);

// mrml reads its WebAssembly from its own folder.
const wasm = readFileSync(join(dirname(require.resolve("mrml")), "mrml_wasm_bg.wasm"));
writeFileSync(
  join(dist, "vendor", COMPRESSED_WASM),
  brotliCompressSync(wasm, { params: { [constants.BROTLI_PARAM_QUALITY]: WASM_QUALITY } }),
);
for (const name of COMPRESSED) {
  const file = join(dist, name);
  writeFileSync(`${file}.br`, brotliCompressSync(readFileSync(file)));
  writeFileSync(file, LOAD_COMPRESSED);
}
// The completion library reads its scripts from its own folder.
cpSync(join(root, "node_modules/@pnpm/tabtab/lib/templates"), join(dist, "vendor/@pnpm/templates"), {
  recursive: true,
});
cpSync(join(root, SQLITE_PACKAGE, "prebuilds"), join(dist, "prebuilds"), { recursive: true });

/**
 * Replaces characters outside ASCII, because esbuild does not escape them in regular expressions, and bin/knock.js
 * reads the file as Latin-1, one byte per character.
 */
const inAscii = (text) =>
  text.replace(/[^\0-\x7f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);

// The code cache of one build must never be used for another; bin/knock.js reads this hash from the first comment.
for (const name of Object.keys(ENTRIES)) {
  const file = join(dist, `${name}.cjs`);
  const built = inAscii(readFileSync(file, "utf8"));
  writeFileSync(file, built.replace(NO_ID, createHash("sha256").update(built).digest("hex").slice(0, NO_ID.length)));
}

writeFileSync(join(dist, "sbom.cdx.json"), buildSbom(root, packages));
if (flags.out === undefined) {
  const notices = join(dist, "notices.md");
  writeFileSync(notices, formatNotices(packages));
  renameSync(notices, join(root, "THIRD-PARTY-NOTICES.md"));
}

const [target, previous] = [resolve(flags.out ?? join(root, "dist")), `${dist}-before`];
try {
  renameSync(target, previous);
} catch (error) {
  if (error.code !== "ENOENT") throw error; // This is the first build, or a concurrent build has moved the folder.
}
try {
  renameSync(dist, target);
} catch (error) {
  if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
  // A concurrent build of the same sources has finished first.
}
