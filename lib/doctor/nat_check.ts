/**
 * Owns the check of NAT: whether what phones are told of hintd, and hintd of phones, is true on the other side.
 */
import { splitHostPort } from "../transport/listener_options.ts";
import { familyOf, isPrivate, isPublic } from "./addresses.ts";
import { type Finding, ok, warning } from "./finding.ts";
import { type Message, runningOf, sipTargetOf, type Subject } from "./subject.ts";

/** A router forgets the way to a phone that is silent for longer, as a rule. */
const advisedSeconds = 25;

/** The addresses of this machine, of `external_address`, and of phones. */
export function checkNat(subject: Subject): Finding[] {
  const findings = [...checkExternalAddress(subject), ...checkOutside(subject), ...checkRouters(subject)];
  if (findings.length > 0) return findings;
  return [ok("NAT", `this machine is ${subject.machine.addresses().join(", ") || "without a network"}`)];
}

function checkExternalAddress({ config }: Subject): Finding[] {
  return config.listen.flatMap(({ external_address: outside, name }) =>
    !isPrivate(splitHostPort(outside)?.host ?? outside) ? [] : [
      warning(
        "NAT",
        `external_address "${outside}" of "${name}" is a private address: phones outside cannot reach it`,
        "external_address is the address that the internet sees: the router's",
      ),
    ]
  );
}

/** Phones on the internet, while this machine is not. */
function checkOutside(subject: Subject): Finding[] {
  const { machine, config } = subject;
  if (config.listen.some(({ external_address }) => external_address !== "")) return [];
  const permanent = Object.entries(config.endpoints)
    .flatMap(([endpoint, { contact }]) => contact.map((uri) => ({ endpoint, uri })));
  const found = [...permanent, ...runningOf(subject)?.contacts ?? []]
    .map(({ endpoint, uri }) => ({ endpoint, host: sipTargetOf(uri)?.host ?? "" }))
    .find(({ host }) => isPublic(host) && !machine.addresses().some((own) => isOfSameKind(own, host)));
  return found === undefined ? [] : [
    warning(
      "NAT",
      `${found.endpoint} is at ${found.host}, outside, but this machine has private addresses only`,
      "Forward the port in the router, and set external_address and local_net in [[listen]]",
    ),
  ];
}

/** Whether an address of ours is a public one of the same family. */
function isOfSameKind(own: string, host: string): boolean {
  return isPublic(own) && familyOf(own) === familyOf(host);
}

/** Phones behind a router of their own: the address that they know of themselves is not where they are. */
function checkRouters(subject: Subject): Finding[] {
  const { config } = subject;
  const phones = new Map((runningOf(subject)?.messages ?? []).flatMap((message) => {
    const address = hiddenBehind(message);
    return address === undefined ? [] : [[message.from, address]];
  }));
  return [...phones].flatMap(([name, address]): Finding[] => {
    const endpoint = config.endpoints[name];
    if (endpoint === undefined) return [];
    const advice = endpoint.rewrite_contact
      ? endpoint.qualify_frequency === 0
        ? [`nothing keeps its router from forgetting the way back`, `qualify_frequency = ${advisedSeconds}`]
        : undefined
      : ["requests to it go to an address that only its own network knows", "rewrite_contact = true"];
    return advice === undefined ? [] : [
      warning(
        "NAT",
        `${name} is behind a router at ${address}, and ${advice[0]}`,
        `${advice[1]} in [endpoints.${name}]`,
      ),
    ];
  });
}

/** Where a phone's request came from, when that is not the address in its Contact. Source: RFC 3261 §20.10. */
function hiddenBehind({ is_sent, status, remote, text }: Message): string | undefined {
  if (is_sent || status !== null) return undefined;
  const [, uri = ""] = /^(?:Contact|m)[ \t]*:[^\r\n]*?(sips?:[^>;,\s]+)/im.exec(text) ?? [];
  const told = sipTargetOf(uri)?.host ?? "";
  const source = splitHostPort(remote)?.host ?? "";
  return familyOf(told) !== 0 && familyOf(told) === familyOf(source) && told !== source ? source : undefined;
}
