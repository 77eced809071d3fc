// Bundles the command into dist/: one CommonJS file, which starts faster than split ESM, and another for notify alone;
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
const APART = { undici: false, conf: true, ora: true, luxon: false, "jsonc-parser": false, nodemailer: false };

/** Real delivery is a bundle of its own: where every channel is sandboxed it is not even read. */
const PROVIDERS = "providers/open-provider.js";

const ENTRIES = ["main", "main-notify"];

/** Where the build's hash will stand. */
const NO_ID = "0".repeat(16);

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
  define: {
    __VERSION__: JSON.stringify(version),
    "import.meta.url": "__importMetaUrl",
    "import.meta.dirname": "__dirname",
  },
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
      path: `../dist/vendor/${path}.cjs`, // bin/knock.js hands in its own require
      external: true,
    }));
  },
};

const providersApart = {
  name: "providers-apart",
  setup({ onResolve }) {
    onResolve({ filter: new RegExp(`/${PROVIDERS}$`) }, () => ({ path: "../dist/providers.cjs", external: true }));
  },
};

/**
 * Packages whose functions few starts call, with those functions: each reads its package when called. The table of 2,000
 * named character references is needed when Markdown has one, the distance of words when one is misspelt.
 */
const LATE = {
  "decode-named-character-reference": "decodeNamedCharacterReference",
  "fastest-levenshtein": "distance",
};
const lateFunctions = {
  name: "late-functions",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^(${Object.keys(LATE).join("|")})$`) }, ({ path, namespace }) =>
      namespace === "late" ? { path: `../dist/vendor/${path}.cjs`, external: true } : { path, namespace: "late" },
    );
    onLoad({ filter: /.*/, namespace: "late" }, ({ path }) => ({
      contents: `export const ${LATE[path]} = (...values) => require("${path}").${LATE[path]}(...values);`,
    }));
  },
};

/** What `pattern` finds in a package's file, replaced: where it finds nothing, the package has changed and the build fails. */
function replaced(source, pattern, replacement) {
  const text = source.replace(pattern, replacement);
  if (text === source) throw new Error(`late-expressions: nothing matches ${pattern}`);
  return text;
}

/**
 * Expressions with Unicode properties cost a quarter of a millisecond each where they are made. liquidjs makes those of
 * `slugify` at import, here each is made when used; micromark asks one about every character beside a `*`, here only
 * about those beyond ASCII, whose punctuation and symbols are its `asciiPunctuation`.
 */
const lateExpressions = {
  name: "late-expressions",
  setup({ onLoad }) {
    onLoad({ filter: /liquid\.browser\.mjs$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      const [, expression] = /const rSlugifyDefault = (\/.+\/\w+);/.exec(source) ?? [];
      const some = replaced(source, /'(default|latin)': rSlugifyDefault/g, `get '$1'() { return ${expression} }`);
      const more = replaced(some, /const rSlugifyDefault = .+;/, "");
      return { contents: replaced(more, /'pretty': (\/.+\/\w+)/, "get 'pretty'() { return $1 }") };
    });
    onLoad({ filter: /micromark-util-character\/index\.js$/ }, ({ path }) => ({
      contents: replaced(
        readFileSync(path, "utf8"),
        /export const unicodePunctuation = regexCheck\((.+)\);/,
        `let punctuation;
        export const unicodePunctuation = (code) =>
          code !== null && code > 127
            ? (punctuation ??= $1).test(String.fromCharCode(code))
            : asciiPunctuation(code);`,
      ),
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
    entryPoints: ENTRIES.map((name) => `src/${name}.ts`),
    outdir: dist,
    outExtension: { ".js": ".cjs" },
    external: native,
    plugins: [lateFunctions, lateExpressions, apart, providersApart, noChildProcess],
    // Without a performance object liquidjs times by Date, and perf_hooks stays unloaded.
    define: { ...common.define, "global.performance": "undefined" },
    supported: { "dynamic-import": false },
    // A function expression, which the loader compiles as it stands: joining strings of this size at start would copy them.
    banner: { js: `/*${NO_ID}*/(function (require, module, exports, __filename, __dirname) {` },
    footer: { js: "})" },
  }),
  build({
    ...common,
    banner,
    entryPoints: [`src/${PROVIDERS.replace(/js$/, "ts")}`],
    outfile: join(dist, "providers.cjs"),
    plugins: [lateFunctions, apart],
    supported: { "dynamic-import": false },
  }),
  ...Object.entries({ ...APART, ...Object.fromEntries(Object.keys(LATE).map((name) => [name, false])) }).map(
    ([name, byDefault]) =>
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

// The code cache of one build must never serve another: bin/knock.js reads this hash from the first comment.
for (const name of ENTRIES) {
  const file = join(dist, `${name}.cjs`);
  const built = readFileSync(file, "utf8");
  writeFileSync(file, built.replace(NO_ID, createHash("sha256").update(built).digest("hex").slice(0, NO_ID.length)));
}
