import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");
const ARCHIVE = /^knock-([a-z0-9]+)-([a-z0-9]+)\.tar\.gz$/;

/** Returns the section of a version in the changelog. Throws if it has none, or an empty one. */
export function readNotes(changelog, version) {
  const [, section = ""] = changelog.split(new RegExp(`^## \\[${version.replaceAll(".", "\\.")}\\].*$`, "m"));
  const notes = section.split(/^## /m)[0].trim();
  if (notes === "") throw new Error(`CHANGELOG.md has no section [${version}]; write it before you release`);
  return `${notes}\n`;
}

/** Returns the SHA-256 digests of the archives in a folder, by their names. */
function readDigests(folder) {
  const names = readdirSync(folder)
    .filter((name) => ARCHIVE.test(name))
    .sort();
  if (names.length === 0) throw new Error(`${folder} contains no archives of executables`);
  return Object.fromEntries(
    names.map((name) => [
      name,
      createHash("sha256")
        .update(readFileSync(join(folder, name)))
        .digest("hex"),
    ]),
  );
}

const formatChecksums = (digests) =>
  Object.entries(digests)
    .map(([name, digest]) => `${digest}  ${name}\n`)
    .join("");

function formatInstallScript(digests, version, address) {
  const checksums = Object.entries(digests).map(([name, digest]) => `${digest} ${name}`);
  return readFileSync(join(import.meta.dirname, "install.sh"), "utf8")
    .replaceAll("@VERSION@", version)
    .replaceAll("@ADDRESS@", address)
    .replaceAll("@CHECKSUMS@", checksums.join("\n"));
}

/** The blocks of a formula, by platform and processor type. */
const FORMULA_BLOCKS = [
  [
    "on_macos",
    [
      ["on_arm", "darwin-arm64"],
      ["on_intel", "darwin-x64"],
    ],
  ],
  [
    "on_linux",
    [
      ["on_arm", "linux-arm64"],
      ["on_intel", "linux-x64"],
    ],
  ],
];

function formatFormula(digests, version, address, homepage) {
  const formatFile = ([block, platform]) => {
    const digest = digests[`knock-${platform}.tar.gz`];
    if (digest === undefined) return [];
    const url = `${address}/knock-${platform}.tar.gz`;
    return [`    ${block} do`, `      url "${url}"`, `      sha256 "${digest}"`, "    end"];
  };
  const blocks = FORMULA_BLOCKS.flatMap(([block, files]) => [
    "",
    `  ${block} do`,
    ...files.flatMap(formatFile),
    "  end",
  ]);
  const { description, license } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  return `class KnockCli < Formula
  desc "${description.replace(/\.$/, "")}"
  homepage "${homepage}"
  version "${version}"
  license "${license}"
${blocks.join("\n")}

  def install
    bin.install "knock" => "knock-cli"
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/knock-cli --version")
  end
end
`;
}

/**
 * Writes what belongs to a release into the folder with its archives: checksums, an install script, a formula for Homebrew, and
 * notes. `repository` is the address of the repository.
 */
export function writeReleaseFiles(folder, repository, { version, changelog }) {
  const address = `${repository}/releases/download/v${version}`;
  const digests = readDigests(folder);
  const write = (name, text) => writeFileSync(join(folder, name), text);
  write("SHA256SUMS", formatChecksums(digests));
  write("install.sh", formatInstallScript(digests, version, address));
  write("knock-cli.rb", formatFormula(digests, version, address, repository));
  write("notes.md", readNotes(changelog, version));
}
