// Collects the licenses of the packages whose code is in dist/: those in esbuild's metafiles, and those that are copied.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Licenses that permit bundling into a package under MIT, with their notices. */
const ALLOWED = new Set([
  ...["0BSD", "Apache-2.0", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-0"],
  ...["Python-2.0", "Unlicense", "Zlib"],
]);

/** SPDX expressions for license texts of older manifests. */
const SPDX_OF = { "MIT (http://mootools.net/license.txt)": "MIT" };

/** The text that a license requires below the copyright line, for packages without a license file. */
const STANDARD_TEXTS = {
  MIT: (root) => readFileSync(join(root, "LICENSE"), "utf8").split("\n").slice(4).join("\n").trim(),
  ISC: () => `Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby
granted, provided that the above copyright notice and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING ALL
IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT,
INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF
THIS SOFTWARE.`,
  // collection-utils is part of the same bundle and has the complete text.
  "Apache-2.0": (root) => readFileSync(join(root, "node_modules/collection-utils/LICENSE"), "utf8").trim(),
};

/** The authors of packages whose manifest names none. */
const AUTHORS = { "quicktype-core": "the quicktype authors (https://github.com/glideapps/quicktype)" };

const NOTICE_FILE = /^(licen[cs]e|copying|notice)([-.].*)?$/i;

/** Returns whether an SPDX expression without exceptions includes a permitted choice. */
export function isAllowed(expression) {
  const text = expression.trim();
  const inner = /^\(([^()]*)\)$/.exec(text)?.[1] ?? text;
  if (/[()]/.test(inner)) return false;
  return inner.split(/\s+AND\s+/).every((part) => part.split(/\s+OR\s+/).some((id) => ALLOWED.has(id.trim())));
}

/** Returns the folders of the packages that contribute code to the outputs, relative to the root and sorted. */
export function packageFolders(metafiles) {
  const folders = new Set();
  for (const { outputs } of metafiles)
    for (const { inputs } of Object.values(outputs))
      for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
        // The last node_modules in the path, because a package may contain its own.
        const folder = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
        if (folder !== undefined && bytesInOutput > 0) folders.add(folder);
      }
  return [...folders].sort();
}

function formatAuthor({ name, author }) {
  if (author === undefined || author === null) return AUTHORS[name] ?? null;
  return typeof author === "string"
    ? author
    : [author.name, author.email && `<${author.email}>`].filter(Boolean).join(" ");
}

/** Returns a package's name, license and notices. Throws if its license is missing or not permitted. */
export function readPackage(root, folder) {
  const manifest = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
  const { name, version } = manifest;
  const license = SPDX_OF[manifest.license] ?? manifest.license;
  if (typeof license !== "string" || license === "") throw new Error(`${name}@${version} (${folder}) names no license`);
  if (!isAllowed(license))
    throw new Error(
      `${name}@${version} (${folder}): the license ${license} is not on the list in third-party-notices.mjs`,
    );
  const files = readdirSync(join(root, folder)).filter((file) => NOTICE_FILE.test(file));
  const texts = files.sort().map((file) =>
    readFileSync(join(root, folder, file), "utf8")
      .replaceAll("\r\n", "\n")
      .trim(),
  );
  if (texts.length > 0) return { name, version, license, texts };
  const [author, standard] = [formatAuthor(manifest), STANDARD_TEXTS[license]];
  if (author === null || standard === undefined)
    throw new Error(
      `${name}@${version} (${folder}) has no license file, and its author or the text of ${license} is unknown`,
    );
  return { name, version, license, texts: [`Copyright (c) ${author}\n\n${standard(root)}`] };
}

/** A line that differs between packages with the same license: the copyright, or the name of the license above it. */
const OWN_LINE = /^\s*(?:copyright\b|\(c\)|©|(?:the )?(?:mit|isc) license)/i;

/** Splits a license text into a package's own lines and the terms, which many packages have word for word. */
function splitTerms(text) {
  const lines = text.split("\n");
  const own = lines.filter((line) => OWN_LINE.test(line));
  const terms = lines.filter((line) => !OWN_LINE.test(line)).join("\n");
  return { own: own.join("\n").trim(), terms: terms.replace(/\s+/g, " ").trim(), text: terms.trim() };
}

const asBlock = (text) => `~~~~text\n${text}\n~~~~`;

/** Returns the whole document. Terms of several packages are printed once, below their packages. */
export function formatNotices(packages) {
  const uses = new Map();
  for (const { texts } of packages)
    for (const text of new Set(texts)) {
      const { terms, text: original } = splitTerms(text);
      const use = uses.get(terms) ?? { count: 0, text: original };
      uses.set(terms, { ...use, count: use.count + 1 });
    }
  const shared = [...uses].filter(([, { count }]) => count > 1).map(([terms, { text }]) => ({ terms, text }));
  const formatText = (text) => {
    const { own, terms } = splitTerms(text);
    const number = shared.findIndex((other) => other.terms === terms) + 1;
    const link = `[License text ${number}](#license-text-${number})`;
    return number === 0 ? asBlock(text) : [...(own === "" ? [] : [asBlock(own)]), link].join("\n\n");
  };
  const sections = packages.map(({ name, version, license, texts }) =>
    [`## ${name} ${version}`, `License: ${license}`, ...texts.map(formatText)].join("\n\n"),
  );
  const terms = shared.map(({ text }, index) => `## License text ${index + 1}\n\n${asBlock(text)}`);
  return `# Third-party notices

The files in \`dist/\` contain code of these packages.

${[...sections, ...terms].join("\n\n")}
`;
}

/**
 * Reads all packages of the bundles, and those in `copiedFolders`, whose files are copied. Throws one error that names
 * every problem.
 */
export function readPackages(root, metafiles, copiedFolders = []) {
  const faults = [];
  const packages = [...packageFolders(metafiles), ...copiedFolders].flatMap((folder) => {
    try {
      return [readPackage(root, folder)];
    } catch (error) {
      faults.push(error.message);
      return [];
    }
  });
  if (faults.length > 0) throw new Error(`bundled packages with license problems:\n${faults.join("\n")}`);
  const unique = new Map(packages.map((bundled) => [`${bundled.name}@${bundled.version}`, bundled]));
  return [...unique.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
