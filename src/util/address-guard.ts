import { type LookupAddress, lookup as systemLookup } from "node:dns";
import { BlockList, isIP, isIPv6, type LookupFunction } from "node:net";

/** Addresses that are never public (IANA's special-purpose registries), except loopback. */
const PRIVATE_RANGES: readonly string[] = [
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24"],
  ...["192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"],
  ...["::/128", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "fc00::/7", "fe80::/10", "fec0::/10"],
  "ff00::/8",
];
const LOOPBACK_RANGES: readonly string[] = ["127.0.0.0/8", "::1/128"];

function buildBlockList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = "", prefix] = range.split("/");
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

/** Returns the eight groups of an IPv6 address. */
function parseIPv6Groups(address: string): number[] {
  const { hostname } = new URL(`http://[${address}]/`); // the canonical form, without a dotted end
  const [head = "", tail] = hostname.slice(1, -1).split("::");
  const parseGroups = (part: string): number[] =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  if (tail === undefined) return parseGroups(head);
  const [before, after] = [parseGroups(head), parseGroups(tail)];
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
}

/** Returns the IPv4 address in an IPv6 address (mapped, compatible, NAT64, 6to4), or null. */
function findEmbeddedIPv4(address: string): string | null {
  const groups = parseIPv6Groups(address);
  const dotted = (high = 0, low = 0): string => [high >> 8, high & 255, low >> 8, low & 255].join(".");
  const startsWithZeros = (count: number): boolean => groups.slice(0, count).every((group) => group === 0);
  const isMapped = startsWithZeros(5) && groups[5] === 0xffff;
  const isCompatible = startsWithZeros(6) && (groups[6] !== 0 || (groups[7] ?? 0) > 1);
  const isNat64 = groups[0] === 0x64 && groups[1] === 0xff9b && groups.slice(2, 6).every((group) => group === 0);
  if (isMapped || isCompatible || isNat64) return dotted(groups[6], groups[7]);
  return groups[0] === 0x2002 ? dotted(groups[1], groups[2]) : null;
}

const isListed = (list: BlockList, address: string): boolean => list.check(address, isIPv6(address) ? "ipv6" : "ipv4");

/** A function that looks up a host name as the system does. */
export type ResolveHost = (
  hostname: string,
  options: { all: true; family: number; hints: number },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

const resolveBySystem: ResolveHost = (hostname, options, callback) => systemLookup(hostname, options, callback);

/** The code of an error for a connection that the guard refused. */
export const ADDRESS_REFUSED = "ERR_ADDRESS_REFUSED";

const createRefusedError = (message: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`${message}; if it is yours, add it to "private_addresses" in environment.json`), {
    code: ADDRESS_REFUSED,
  });

export interface AddressGuard {
  /** Throws for a URL whose host is an address that must not be requested. */
  checkHost(url: URL): void;
  /** Looks up hosts for connections. Rejects names with addresses that are not public, and returns only checked addresses. */
  readonly lookup: LookupFunction;
}

interface AddressGuardOptions {
  /** The user's own addresses and ranges. They may be requested in any case. */
  privateAddresses: readonly string[];
  /**
   * Whether the hosts come from the project's configuration. Such a host may be a private address or `localhost`; one from
   * a template or from stored data may not.
   */
  isNamed: boolean;
  resolve?: ResolveHost | undefined;
}

/**
 * Creates a guard that keeps requests away from loopback, private, link-local, shared, multicast and metadata addresses. The
 * checked address is the one that is connected to, so that a name cannot change its address in between.
 */
export function createAddressGuard({
  privateAddresses,
  isNamed,
  resolve = resolveBySystem,
}: AddressGuardOptions): AddressGuard {
  const [privateList, loopbackList, allowedList] = [
    buildBlockList(PRIVATE_RANGES),
    buildBlockList(LOOPBACK_RANGES),
    buildBlockList(privateAddresses),
  ];
  const isPermitted = (address: string, isLoopbackPermitted: boolean): boolean => {
    const withoutZone = address.split("%", 1)[0] as string;
    const embedded = isIPv6(withoutZone) ? findEmbeddedIPv4(withoutZone) : null;
    const candidates = embedded === null ? [withoutZone] : [withoutZone, embedded];
    if (candidates.some((candidate) => isListed(allowedList, candidate))) return true;
    if (candidates.some((candidate) => isListed(loopbackList, candidate))) return isLoopbackPermitted;
    return !candidates.some((candidate) => isListed(privateList, candidate));
  };
  return {
    checkHost({ hostname }) {
      const host = hostname.replace(/^\[|\]$/g, "");
      if (isIP(host) !== 0 && !isNamed && !isPermitted(host, false))
        throw createRefusedError(`${host} is not a public address`);
    },
    lookup(hostname, options, callback) {
      const { family = 0, hints = 0 } = options;
      const lookupOptions = {
        all: true as const,
        family: family === "IPv4" ? 4 : family === "IPv6" ? 6 : family,
        hints,
      };
      resolve(hostname, lookupOptions, (error, addresses) => {
        if (error) return void callback(error, []);
        const isLocal = /(^|\.)localhost\.?$/i.test(hostname);
        const permitted = addresses.filter(({ address }) => isPermitted(address, isLocal && isNamed));
        // The addresses of localhost are those of this machine, of which the configuration may permit only some.
        const refused = addresses.find((address) => !permitted.includes(address));
        if (refused !== undefined && !(isLocal && permitted.length > 0))
          return void callback(
            createRefusedError(`${hostname} resolves to ${refused.address}, which is not a public address`),
            [],
          );
        if (options.all) return void callback(null, permitted);
        const [first] = permitted;
        callback(null, first?.address ?? "", first?.family);
      });
    },
  };
}
