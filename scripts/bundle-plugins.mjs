// What the build changes in packages, for speed. Where a package no longer has what is changed here, the build fails.
import { readFileSync } from "node:fs";
import { basename } from "node:path";

/**
 * Packages whose functions few starts call, with those functions: each reads its package when called. The table of 2,000
 * named character references is needed when Markdown has one, the distance of words when one is misspelt.
 */
const LATE = {
  entities: ["decodeHTMLStrict"],
  "fastest-levenshtein": ["distance"],
};
/** The packages of which each is a bundle of its own, with the functions that it exports. */
export const LATE_PACKAGES = LATE;

const late = (name, packages) => ({
  name,
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^(${Object.keys(packages).join("|")})$`) }, ({ path, namespace }) =>
      namespace === name ? { path: `../dist/vendor/${path}.cjs`, external: true } : { path, namespace: name },
    );
    onLoad({ filter: /.*/, namespace: name }, ({ path }) => ({
      contents: packages[path]
        .map((word) => `export const ${word} = (...values) => require("${path}").${word}(...values);`)
        .join("\n"),
    }));
  },
});
export const lateFunctions = late("late-functions", LATE);

/** Our own modules with packages that hardly any start needs, with the functions they export. Each is a bundle of its own. */
export const LATE_FUNCTIONS_OF_OURS = { "domain/shape/linear-pattern": ["compileLinearPattern"] };

/** Loads those modules at the first call of a function, where the caller cannot wait for an import. */
export const lateFunctionsOfOurs = {
  name: "late-functions-of-ours",
  setup({ onResolve, onLoad }) {
    for (const [module, words] of Object.entries(LATE_FUNCTIONS_OF_OURS)) {
      const file = `${basename(module)}.cjs`;
      onResolve({ filter: new RegExp(`/${basename(module)}\\.js$`), namespace: "file" }, () => ({
        path: file,
        namespace: "late-functions-of-ours",
      }));
      onResolve({ filter: new RegExp(`^${file.replace(".", "\\.")}$`), namespace: "late-functions-of-ours" }, () => ({
        path: `../dist/${file}`,
        external: true,
      }));
      onLoad({ filter: new RegExp(`^${file.replace(".", "\\.")}$`), namespace: "late-functions-of-ours" }, () => ({
        contents: words
          .map((word) => `export const ${word} = (...values) => require("${file}").${word}(...values);`)
          .join("\n"),
      }));
    }
  },
};

/**
 * markdown-it makes what finds links in text whether or not it is asked to; here it is read when asked. Names of hosts are
 * rewritten only where they are not plain ASCII, or were not before. The classes of Unicode's characters, a page of
 * expressions, are read for the first character that is not ASCII.
 */
const LINKS = {
  "linkify-it": 'export const LinkifyIt = class { constructor() { return new (require("linkify-it").LinkifyIt)(); } };',
  "punycode.js": `const late = () => require("punycode.js");
    export default {
      toASCII: (host) => (/[^\\0-\\x7f]/.test(host) ? late().toASCII(host) : host),
      toUnicode: (host) => (/xn--/i.test(host) ? late().toUnicode(host) : host),
    };`,
  // Which characters are punctuation or symbols; ASCII is told without (see `plainFields`).
  "uc.micro": ["Any", "Cc", "Cf", "P", "S", "Z"]
    .map((word) => `export const ${word} = { test: (text) => require("uc.micro").${word}.test(text) };`)
    .join("\n"),
};
export const LATE_LINKS = Object.keys(LINKS);
export const lateLinks = {
  name: "late-links",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: new RegExp(`^(${LATE_LINKS.join("|")})$`) }, ({ path, namespace }) =>
      namespace === "links" ? { path: `../dist/vendor/${path}.cjs`, external: true } : { path, namespace: "links" },
    );
    onLoad({ filter: /.*/, namespace: "links" }, ({ path }) => ({ contents: LINKS[path] }));
  },
};

/** What `pattern` finds in a package's file, replaced: where it finds nothing, the package has changed and the build fails. */
function replaced(source, pattern, replacement) {
  const text = source.replace(pattern, replacement);
  if (text === source) throw new Error(`the package has changed: nothing matches ${pattern}`);
  return text;
}

/**
 * markdown-it was compiled so that each field of an object is defined by descriptor, in a function that all fields share:
 * a tenth of all the time of a bulk trigger. No field of its has a setter, so assigning does the same.
 */
export const plainFields = {
  name: "plain-fields",
  setup({ onLoad }) {
    onLoad({ filter: /markdown-it\.mjs$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      const plain = replaced(
        source,
        /_defineProperty\(\s*this,\s*(?:\/\*(?:[^*]|\*(?!\/))*\*\/\s*)?"(\w+)",/g,
        "(this.$1 =",
      );
      // Of ASCII, its 32 punctuation characters are what Unicode calls punctuation or symbols.
      const ascii = replaced(
        plain,
        /return isPunctChar\(fromCodePoint\(code\)\);/,
        "return code < 128 ? isMdAsciiPunct(code) : isPunctChar(fromCodePoint(code));",
      );
      return {
        contents: replaced(
          ascii,
          /\(this\.linkify =\s*new LinkifyIt\(\)/,
          "(this.linkify = args[0]?.linkify ? new LinkifyIt() : null",
        ),
      };
    });
  },
};

/**
 * Expressions with Unicode properties cost a quarter of a millisecond each where they are made. liquidjs makes those of
 * `slugify` at import, here each is made when used.
 */
export const lateExpressions = {
  name: "late-expressions",
  setup({ onLoad }) {
    onLoad({ filter: /liquid\.browser\.mjs$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      const [, expression] = /const rSlugifyDefault = (\/.+\/\w+);/.exec(source) ?? [];
      const some = replaced(source, /'(default|latin)': rSlugifyDefault/g, `get '$1'() { return ${expression} }`);
      const more = replaced(some, /const rSlugifyDefault = .+;/, "");
      const late = replaced(more, /'pretty': (\/.+\/\w+)/, "get 'pretty'() { return $1 }");
      // Numbered 1, 2, 4 … 8192 an object gets ever longer arrays, 90 kB in all; with the largest first it gets none.
      const numbers =
        /(\(function \(TokenKind\) \{)([\s\S]*?)(\s*TokenKind\[TokenKind\["GroupedExpression"\] = 8192\].*)/;
      const numbered = replaced(late, numbers, "$1$3$2");
      // Nine objects each copied into the next are 20 kB.
      const flat = (_, sources) => `const filters = Object.assign({}, ${sources.replaceAll(")", "")});`;
      return { contents: replaced(numbered, /const filters = (?:Object\.assign\()+\{\}, (.*)\);/, flat) };
    });
  },
};

/** The formats of JSON Schema are a page of expressions, 0.2 ms to make: the long ones are made when a schema asks. */
export const lateFormats = {
  name: "late-formats",
  setup({ onLoad }) {
    onLoad({ filter: /json-schema\/dist\/esm\/format\.js$/ }, ({ path }) => ({
      contents: replaced(
        readFileSync(path, "utf8"),
        /^const (\w+) = (\/.{200,}\/\w*);$/gm,
        "const $1 = { test: (text) => $2.test(text) };",
      ),
    }));
  },
};

/** commander loads child_process for subcommands that are programs of their own, of which there are none. */
export const noChildProcess = {
  name: "no-child-process",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      importer.includes("/commander/") ? { path: "none", namespace: "none" } : undefined,
    );
    onLoad({ filter: /.*/, namespace: "none" }, () => ({ contents: "module.exports = {};" }));
  },
};
