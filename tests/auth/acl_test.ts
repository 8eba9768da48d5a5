import { describe, expect, test } from "bun:test";
import { compileAcl, isPermitted } from "../../lib/auth/acl.ts";
import { parseAddress } from "../../lib/auth/networks.ts";

describe("an endpoint's source rules", () => {
  const cases: [name: string, deny: string[], permit: string[], source: string, isIn: boolean][] = [
    ["no rule lets everybody in", [], [], "203.0.113.9", true],
    ["deny shuts out what it names", ["203.0.113.0/24"], [], "203.0.113.9", false],
    ["deny leaves the others in", ["203.0.113.0/24"], [], "192.168.1.9", true],
    ["permit reopens what deny shut", ["0.0.0.0/0"], ["192.168.1.0/24"], "192.168.1.9", true],
    ["deny of everything shuts out what permit does not name", ["0.0.0.0/0"], ["192.168.1.0/24"], "192.168.2.9", false],
    ["permit alone shuts nobody out, as in pjsip.conf", [], ["192.168.1.0/24"], "203.0.113.9", true],
    [
      "permit wins over a narrower deny, as it counts as written last",
      ["192.168.1.9"],
      ["192.168.1.0/24"],
      "192.168.1.9",
      true,
    ],
    ["rules of IPv4 do not concern IPv6", ["0.0.0.0/0"], [], "fd00::1", true],
    ["rules of IPv6 concern IPv6", ["::/0"], ["fd00::/8"], "2001:db8::1", false],
    ["a mapped source is an IPv4 source", ["0.0.0.0/0"], [], "::ffff:192.168.1.9", false],
    ["an unreadable deny shuts everybody out", ["everybody"], ["0.0.0.0/0"], "192.168.1.9", false],
    ["an unreadable permit shuts everybody out", [], ["office"], "192.168.1.9", false],
  ];
  for (const [name, deny, permit, source, isIn] of cases) {
    test(name, () => {
      expect(isPermitted(compileAcl({ permit, deny }), parseAddress(source)!)).toBe(isIn);
    });
  }
});
