/**
 * Owns the table of every option of config.toml.
 */
import { z } from "zod";
import {
  bind,
  bindOf,
  choice,
  expression,
  flag,
  host,
  networks,
  oneOf,
  passwordHash,
  seconds,
  someOf,
  text,
  texts,
  tokenHash,
  webUrl,
  whole,
  word,
} from "./options.ts";
import { aorSchema, endpointSchema } from "./schema_endpoint.ts";

const DAY = 86_400;

/** Body types that can be disabled, as `lib/body` names them. */
const mediaTypes = [
  "application/pidf+xml",
  "application/xpidf+xml",
  "application/cpim-pidf+xml",
  "application/dialog-info+xml",
  "application/simple-message-summary",
  "application/reginfo+xml",
  "application/x-as-feature-event+xml",
] as const;

const server = z.strictObject({
  realm: word("hintd", "Realm of passwords; digests are made for it."),
  user_agent: text("hintd", "How hintd calls itself to phones."),
  data_dir: word("data", "Directory of database and control socket, relative to this file."),
  max_expiry: seconds(3_600, [1, DAY], "Ceiling, and default, of a subscription's lifetime."),
  min_expiry: seconds(60, [0, DAY], "Shortest lifetime of a subscription."),
  sip_profile: oneOf(["asterisk", "rfc"], "asterisk", "Status codes where Asterisk and the RFCs differ."),
  ignore_uri_user_options: flag(false, "Cut the user part of a URI at its first ';'."),
  mwi_disable_initial_unsolicited: flag(false, "No unsolicited message waiting at the start."),
  max_initial_qualify_time: seconds(0, [0, DAY], "Span over which the first probes are spread."),
  watch_config: flag(false, "Read this file again by itself when it has changed."),
});

/** What lines of the log are about. */
const logAreas = [
  "auth",
  "bug",
  "cli",
  "clock",
  "config",
  "event",
  "http",
  "publication",
  "publish",
  "registrar",
  "store",
  "transaction",
  "transport",
  "uas",
  "watchdog",
  "webhook",
] as const;

const log = z.strictObject({
  format: oneOf(["text", "json"], "text", "Lines for people, or for machines."),
  level: oneOf(["debug", "info", "warn", "error"], "info", "Lines of this level and of those above it are written."),
  debug: someOf(logAreas, [], "Areas of which all lines are written."),
  info: someOf(logAreas, [], "Areas of which lines from info on are written."),
  warn: someOf(logAreas, [], "Areas of which lines from warn on are written."),
  error: someOf(logAreas, [], "Areas of which only errors are written."),
});

const watchdog = z.strictObject({
  ringing: seconds(300, [0, DAY], "How long a device may ring without anything happening to it; 0: for ever."),
  abandoned: seconds(120, [0, DAY], "How long a device may be in a call whose phone is gone; 0: for ever."),
  clear: flag(false, "Whether such a lamp is cleared, and not only told of."),
});

const timers = z.strictObject({
  t1_ms: whole(
    500,
    [100, 10_000],
    "Estimate of a round trip; the first retransmission comes after it.",
    "milliseconds",
  ),
  timer_b_ms: whole(32_000, [1_000, 120_000], "How long an unanswered request is retransmitted.", "milliseconds"),
});

const listen = z.strictObject({
  name: text("", "Name by which endpoints refer to it; empty: transport and bind."),
  transport: choice(["udp", "tcp", "tls", "ws", "wss"], "Transport."),
  bind: bindOf("Address and port."),
  symmetric_transport: flag(false, "In-dialog requests leave by the listener on which the peer's last one came."),
  cert_file: text("", "Certificate chain for tls and wss."),
  key_file: text("", "Key of the certificate."),
  external_address: host("What phones outside local_net are told instead of the bound address."),
  local_net: networks("Networks on this side of the NAT."),
});

const http = z.strictObject({
  bind: bind("127.0.0.1:8080", "Address and port of page and API."),
  password_hash: passwordHash("What `hintd hash-password` prints; needed unless bind is a loopback address."),
  tokens: z.array(z.strictObject({
    name: z.string().min(1).meta({ description: "Name of the token.", accepted: "a text that is not empty" }),
    hash: tokenHash("Its hash."),
    scope: choice(["read", "write"], "What it may do."),
  })).default([]).meta({
    description: "Bearer tokens of the API.",
    accepted: '[{ name = "crm", hash = "…", scope = "write" }]',
  }),
});

/** Kinds of events, as the event stream names them. */
const eventTypes = [
  "hint",
  "device-state",
  "presence-state",
  "mailbox",
  "subscription",
  "contact",
  "problem",
  "reload",
] as const;

const webhook = z.strictObject({
  name: text("", "How page, log and metrics call it; empty: the URL without its query."),
  url: webUrl("Where events are posted."),
  events: someOf(eventTypes, ["hint"], "Kinds of events that it wants."),
  secret: text("", "Key of the signature (HMAC-SHA256); empty: no signature."),
  timeout: seconds(5, [1, 60], "How long the answer may take."),
});

const bodies = z.strictObject({
  profile: oneOf(["asterisk", "rfc"], "asterisk", "Bodies as Asterisk writes them, or as the RFCs do."),
  supplements: someOf(["digium", "eyebeam"], ["digium", "eyebeam"], "Additions to PIDF, in order; [] for none."),
  disabled: someOf(mediaTypes, [], "Body types that are not offered."),
});

const phone = z.strictObject({
  user_agent: z.string().min(1).meta({ description: "Glob over User-Agent.", accepted: 'a text such as "Yealink*"' }),
  body_profile: oneOf(["", "asterisk", "rfc"], "", "Bodies it gets; empty: the endpoint's."),
  remote_party: oneOf(["early", "always", "never"], "early", "When dialog-info says who is at the other end."),
  dialog_ids: flag(true, "Call-ID and tags in dialog-info, for pickup by Replaces."),
  pickup_prefix: text("", "Put before the extension in the remote target, for pickup by dialling."),
  max_dialogs: whole(1, [1, 100], "Most dialogs in one document."),
  dnd_as: oneOf(["", "busy"], "", "Show dnd as a busy lamp."),
  unavailable_as: oneOf(["", "busy", "idle"], "", "Show an unavailable extension as this."),
});

const context = z.strictObject({
  include: texts("Contexts that are searched after this one."),
  autohints: flag(false, "Make a hint for every device that has none."),
  hints: z.record(
    z.string(),
    z.string().meta({
      description: 'extension = "DEVICES[,PRESENCE][(Name)]".',
      accepted: 'a text such as "PJSIP/alice&Custom:door,CustomPresence:alice(Alice)"',
    }),
  ).default({}).describe("Extensions: what each shows."),
});

const list = z.strictObject({
  event: choice(["presence", "dialog", "message-summary"], "Event package of the list."),
  list_item: z.array(z.string().min(1)).min(1).meta({
    description: "Members: extensions, or other lists.",
    accepted: 'a list such as ["1000", "1001"]',
  }),
  full_state: flag(false, "Every NOTIFY tells of all members."),
  notification_batch_interval: whole(0, [0, 60_000], "How long changes are collected.", "milliseconds"),
  resource_display_name: flag(false, "Members carry the names of their hints."),
});

const outboundPublish = z.strictObject({
  server_uri: z.string().regex(/^sips?:.+/i).meta({
    description: "Server.",
    accepted: 'a SIP URI such as "sip:p.example"',
  }),
  event: choice(["presence", "dialog", "asterisk-devicestate", "asterisk-mwi"], "Event package."),
  body: text("", "Media type of the body."),
  multi_user: flag(false, "The URI's user is the extension."),
  context: expression("Contexts whose hints are published; empty: all."),
  exten: expression("Extensions that are published; empty: all."),
  from_uri: text("", "From; empty: server_uri."),
  to_uri: text("", "To; empty: server_uri."),
  expiration: seconds(3_600, [60, DAY], "Lifetime of a publication."),
  auth: z.strictObject({
    username: z.string().min(1).meta({ description: "User name.", accepted: "a text that is not empty" }),
    password: z.string().min(1).meta({ description: "Password.", accepted: "a text that is not empty" }),
  }).optional().meta({
    description: "Credentials for the server's challenge.",
    accepted: '{ username = "…", password = "…" }',
  }),
});

function named<T extends z.ZodType>(each: T) {
  return z.record(z.string().min(1), each).default({});
}

/** The whole file. `[defaults.endpoint]` is merged into the endpoints before this is applied. */
export const configSchema = z.strictObject({
  server: server.prefault({}).describe("The server as a whole."),
  log: log.prefault({}).describe("What is written to standard error, and how."),
  watchdog: watchdog.prefault({}).describe("When a lamp is taken for stuck."),
  timers: timers.prefault({}).describe("How long requests of hintd are repeated."),
  listen: z.array(listen).default([]).describe("Where phones reach hintd: one [[listen]] for each socket."),
  http: http.prefault({}).describe("The page and the API."),
  webhooks: z.array(webhook).default([]).describe("Servers that are told of changes: one [[webhooks]] for each."),
  bodies: bodies.prefault({}).describe("What phones are told."),
  defaults: z.strictObject({ endpoint: endpointSchema.partial().optional() }).prefault({})
    .describe("Options that all endpoints share."),
  endpoints: named(endpointSchema).describe("Who may watch and register: one [endpoints.NAME] for each phone."),
  aors: named(aorSchema).describe("Addresses-of-record that endpoints share."),
  phones: z.array(phone).default([]).describe("What kinds of phones need, by their User-Agent."),
  contexts: named(context).describe("Extensions that can be watched: one [contexts.NAME] for each group of them."),
  lists: named(list).describe("Lists: one subscription for a whole key panel."),
  outbound_publish: named(outboundPublish).describe("States that are published to other servers."),
});
