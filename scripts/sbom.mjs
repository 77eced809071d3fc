// Writes the software bill of materials of the bundles, in CycloneDX's JSON format.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Contrib, Enums, Models, Serialize, Spec } from "@cyclonedx/cyclonedx-library";
import { PackageURL } from "packageurl-js";

/** Splits a package's name into its scope, such as `@types`, and the rest. */
function splitName(name) {
  const [scope, rest] = name.startsWith("@") ? name.split("/") : [undefined, name];
  return { scope, rest };
}

function buildPackageUrl({ name, version }) {
  const { scope, rest } = splitName(name);
  return new PackageURL("npm", scope, rest, version).toString();
}

/** Returns the digests of package files by name and version, from the lockfile, in hexadecimal digits. */
function readDigests(root) {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));
  const digests = new Map();
  for (const [folder, { version, integrity, name = folder.split("node_modules/").pop() }] of Object.entries(packages)) {
    const [, base64] = /^sha512-(\S+)/.exec(integrity ?? "") ?? [];
    if (base64 !== undefined) digests.set(`${name}@${version}`, Buffer.from(base64, "base64").toString("hex"));
  }
  return digests;
}

const licenseFactory = new Contrib.License.Factories.LicenseFactory();

function buildComponent(type, described, digest) {
  const { name, version, license } = described;
  const { scope, rest } = splitName(name);
  const purl = buildPackageUrl(described);
  const component = new Models.Component(type, rest, { group: scope, version, purl, bomRef: purl });
  component.licenses.add(licenseFactory.makeFromString(license));
  if (digest !== undefined) component.hashes.set(Enums.HashAlgorithm["SHA-512"], digest);
  return component;
}

/**
 * Returns the document about the packages whose code is in dist/, as `readPackages` returns them. It contains no time and no
 * random number, so that two builds of the same sources are equal.
 */
export function buildSbom(root, packages) {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const digests = readDigests(root);
  const bom = new Models.Bom();
  const application = buildComponent(Enums.ComponentType.Application, manifest);
  bom.metadata.component = application;
  for (const bundled of packages) {
    const digest = digests.get(`${bundled.name}@${bundled.version}`);
    const component = buildComponent(Enums.ComponentType.Library, bundled, digest);
    bom.components.add(component);
    application.dependencies.add(component.bomRef);
  }
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return `${serializer.serialize(bom, { sortLists: true })}\n`;
}
