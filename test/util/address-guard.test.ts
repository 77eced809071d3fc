import { describe, expect, it } from "vitest";
import { ADDRESS_REFUSED, createAddressGuard, type ResolveHost } from "../../src/util/address-guard.js";

type Looked = { error: string | null; addresses: string[] };

const family = (address: string): number => (address.includes(":") ? 6 : 4);

/** Returns the addresses that a connection would use when the host name resolves to these addresses. */
function look(
  hostname: string,
  addresses: readonly string[],
  privateAddresses: readonly string[] = [],
  { all = true, isNamed = true } = {},
): Looked {
  const resolve: ResolveHost = (_name, _options, callback) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: family(address) })),
    );
  let looked: Looked = { error: "no answer", addresses: [] };
  createAddressGuard({ privateAddresses, isNamed, resolve }).lookup(hostname, { all }, (error, found) => {
    const list = typeof found === "string" ? [found] : found.map(({ address }) => address);
    looked = { error: error?.code ?? null, addresses: error ? [] : list };
  });
  return looked;
}

const PRIVATE = [
  ...["0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.0.9", "169.254.169.254"],
  ...["172.16.0.1", "172.31.255.255", "192.168.1.1", "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1"],
  ...["::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1"],
  ...["::ffff:10.0.0.1", "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::10.0.0.1", "64:ff9b::10.0.0.1", "2002:a00:1::"],
];
const PUBLIC = ["8.8.8.8", "100.63.255.255", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"];

describe("createAddressGuard", () => {
  it.each(PRIVATE)("rejects a name that resolves to %s, alone or next to a public address", (address) => {
    expect(look("api.example", [address])).toEqual({ error: ADDRESS_REFUSED, addresses: [] });
    expect(look("api.example", ["8.8.8.8", address])).toEqual({ error: ADDRESS_REFUSED, addresses: [] });
    expect(look("api.example", [address], [], { all: false }).error).toBe(ADDRESS_REFUSED);
  });

  it.each(PUBLIC)("allows a name that resolves to %s", (address) => {
    expect(look("api.example", [address])).toEqual({ error: null, addresses: [address] });
    expect(look("api.example", [address], [], { all: false })).toEqual({ error: null, addresses: [address] });
  });

  it("allows the private addresses and ranges that are listed", () => {
    expect(look("api", ["172.18.0.3"], ["172.18.0.0/16"]).error).toBeNull();
    expect(look("api", ["172.19.0.3"], ["172.18.0.0/16"]).error).toBe(ADDRESS_REFUSED);
    expect(look("api", ["::ffff:172.18.0.3"], ["172.18.0.3"]).error).toBeNull();
    expect(look("api", ["fd12::7"], ["fd12::/16"]).error).toBeNull();
  });

  it("allows loopback addresses only for localhost that the configuration names", () => {
    for (const name of ["localhost", "app.localhost"]) {
      expect(look(name, ["127.0.0.1", "::1"]).addresses).toEqual(["127.0.0.1", "::1"]);
      expect(look(name, ["127.0.0.1", "::1"], [], { isNamed: false }).error).toBe(ADDRESS_REFUSED);
    }
    expect(look("localhost", ["10.0.0.1"]).error).toBe(ADDRESS_REFUSED);
    expect(look("notlocalhost", ["127.0.0.1"]).error).toBe(ADDRESS_REFUSED);
  });

  it("allows localhost in data through the loopback addresses that are listed", () => {
    const local = ["::1", "127.0.0.1"];
    expect(look("localhost", local, ["127.0.0.1"], { isNamed: false })).toEqual({
      error: null,
      addresses: ["127.0.0.1"],
    });
    expect(look("localhost", local, ["127.0.0.0/8", "::1"], { isNamed: false }).addresses).toEqual(local);
    expect(look("rebound.example", local, ["127.0.0.1"], { isNamed: false }).error).toBe(ADDRESS_REFUSED);
  });

  it("rejects an address that is not public as the host unless the configuration names it", () => {
    const [data, named] = [false, true].map((isNamed) =>
      createAddressGuard({ privateAddresses: ["10.0.0.7", "127.0.0.2"], isNamed }),
    );
    for (const host of [
      ...["10.0.0.8", "169.254.169.254", "[fd00::1]", "[::ffff:10.0.0.8]", "0x0a.0.0.8", "167772168"],
      ...["127.0.0.1", "127.1", "2130706433", "[::1]", "[::ffff:127.0.0.1]"],
    ]) {
      expect(() => data?.checkHost(new URL(`http://${host}/`))).toThrow(/is not a public address.*private_addresses/);
      expect(() => named?.checkHost(new URL(`http://${host}/`))).not.toThrow();
    }
    for (const host of ["10.0.0.7", "127.0.0.2", "8.8.8.8", "localhost", "api.example"])
      expect(() => data?.checkHost(new URL(`http://${host}/`))).not.toThrow();
  });

  it("reports that a name does not exist", () => {
    const missing = Object.assign(new Error("not found"), { code: "ENOTFOUND" });
    let code: string | undefined;
    const resolve: ResolveHost = (_name, _options, callback) => callback(missing, []);
    createAddressGuard({ privateAddresses: [], isNamed: true, resolve }).lookup("x", { all: true }, (error) => {
      code = error?.code;
    });
    expect(code).toBe("ENOTFOUND");
  });
});
