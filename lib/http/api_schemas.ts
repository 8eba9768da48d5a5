/**
 * Owns the shapes of everything the API gives out, as zod schemas: the rows that `controls.ts` names are their types, and the
 * OpenAPI document is made of them.
 *
 * Nothing is checked by them at run time, and only who asks for the document loads this file.
 */
import { z } from "zod";

const text = z.string();
const flag = z.boolean();
const count = z.int().min(0);
/** As `instantText` writes it. Source: RFC 3339 §5.6. */
const instant = z.iso.datetime();

function row<Shape extends z.ZodRawShape>(description: string, shape: Shape) {
  return z.strictObject(shape).readonly().meta({ description });
}

function listOf<Each extends z.ZodType>(each: Each) {
  return z.array(each).readonly();
}

/** The answer of a listing. */
function itemsOf<Each extends z.ZodType>(each: Each) {
  return row("A listing.", { items: listOf(each) });
}

const extensionState = z.enum([
  "NOT_INUSE",
  "INUSE",
  "BUSY",
  "UNAVAILABLE",
  "RINGING",
  "RINGINUSE",
  "ONHOLD",
  "REMOVED",
]).describe("What a lamp can show; `INUSE` means answered, `BUSY` that nobody else can get through.");

const deviceState = z.enum([
  "UNKNOWN",
  "NOT_INUSE",
  "INUSE",
  "BUSY",
  "INVALID",
  "UNAVAILABLE",
  "RINGING",
  "RINGINUSE",
  "ONHOLD",
]).describe("State of one device.");

const presenceState = z.enum(["not_set", "unavailable", "available", "away", "xa", "chat", "dnd"])
  .describe("Chosen availability of a presence provider.");

const listener = row("One SIP listener.", {
  name: text.describe("Name in config.toml, or transport and address."),
  transport: z.enum(["udp", "tcp", "tls", "ws", "wss"]).describe("How it speaks SIP."),
  address: text.describe("Address it is bound to, IPv6 without brackets."),
  port: count.describe("Port it is bound to."),
});

const status = row("The appliance in one row.", {
  version: text.describe('Version of the release; "dev" from source.'),
  commit: text.describe('Git commit the binary was built from; "unknown" from source.'),
  built: text.describe('Instant of that commit; "unknown" from source.'),
  started_at: instant.describe("When this process started."),
  uptime_seconds: count.describe("Whole seconds since then."),
  config_file: text.describe("Path of config.toml as it was given."),
  config_loaded_at: instant.describe("When the configuration in force was read."),
  listeners: listOf(listener).describe("The open SIP listeners."),
  hint_count: count.describe("Hints with a lamp."),
  endpoint_count: count.describe("Configured endpoints."),
  subscription_count: count.describe("Living subscriptions."),
  problem_count: count.describe("Problems that `problems` lists."),
  counters: z.record(z.string(), z.record(z.string(), count).readonly()).readonly().describe(
    "Counts since start: layer → name → count.",
  ),
});

const hintDevice = row("One device of a hint.", {
  device: text.describe("The device as the hint spells it."),
  state: deviceState.describe("Its state."),
  changed_at: instant.nullable().describe("Since when; null when not known."),
});

const hintPresence = row("The presence side of a hint.", {
  providers: listOf(text).describe("Providers named by the hint, in order."),
  state: presenceState.describe("The aggregate of the providers."),
  subtype: text.describe('What kind of it, in a word chosen by the person; "" for none.'),
  message: text.describe('What the person has to say; "" for nothing.'),
  changed_at: instant.nullable().describe("Since when; null when nobody set it."),
});

const hint = row("One extension that can be watched: its lamp and what stands behind it.", {
  context: text.describe("Context asked for; the hint may have come from an included one, see `found_in`."),
  exten: text.describe("The extension."),
  found_in: text.describe("Context that holds the hint."),
  rule: text.describe(
    'Key of the hint in config.toml: the extension itself, a pattern such as `_2XX`, or "autohints".',
  ),
  name: text.describe('Display name; "" when the hint has none.'),
  hint: text.describe("Right side of the hint with variables filled in, as in config.toml."),
  state: extensionState.describe("What the lamp shows."),
  changed_at: instant.nullable().describe("Since when the state holds; null when not since hintd has known the hint."),
  devices: listOf(hintDevice).describe("The devices in the order of the hint."),
  presence: hintPresence.nullable().describe("The aggregate presence; null when the hint names no provider."),
  watcher_count: count.describe("Subscriptions to it."),
});

const device = row("One device, whether set from outside or derived.", {
  device: text.describe("`Custom:bob-mobile`, `PJSIP/alice`."),
  state: deviceState.describe("Its state."),
  changed_at: instant.nullable().describe("Since when; null when not known."),
  is_writable: flag.describe("Whether the API may set it: only `Custom:` devices."),
  hints: listOf(text).describe("Hints that show it, as `exten@context`."),
});

const presence = row("One presence provider.", {
  provider: text.describe("`CustomPresence:bob`."),
  state: presenceState.describe("Its state."),
  subtype: text.describe('What kind of it; "" for none.'),
  message: text.describe('What the person has to say; "" for nothing.'),
  changed_at: instant.nullable().describe("Since when; null when nobody set it."),
  hints: listOf(text).describe("Hints that show it, as `exten@context`."),
});

const mailbox = row("One mailbox.", {
  mailbox: text.describe("`box@context`."),
  new: count.describe("Messages nobody has heard."),
  old: count.describe("Messages heard and kept."),
  new_urgent: count.describe("Urgent ones among the new."),
  old_urgent: count.describe("Urgent ones among the old."),
  changed_at: instant.nullable().describe("Since when; null when not known."),
  is_published: flag.describe("Another server publishes the counts; what is set shows once it does so no more."),
  hints: listOf(text).describe("Hints that show it, as `exten@context`."),
});

const contact = row("One place where an endpoint is reached.", {
  endpoint: text.describe("Endpoint it belongs to."),
  uri: text.describe("SIP URI."),
  is_permanent: flag.describe("From config.toml rather than from a REGISTER."),
  status: z.enum(["reachable", "unreachable", "unknown", "unqualified"]).describe(
    "What the last OPTIONS found; `unqualified` when the contact is not probed.",
  ),
  round_trip_ms: count.nullable().describe("Milliseconds until the last OPTIONS was answered; null when it was not."),
  user_agent: text.describe('What the phone calls itself; "" when it does not.'),
  expires_at: instant.nullable().describe("When it lapses; null for a permanent one."),
});

const forwarding = z.strictObject({
  kind: z.enum(["immediate", "busy", "no_answer"]).describe("When calls go there."),
  is_active: flag.describe("Whether they do."),
  to: text.describe("The number; empty for none."),
  ring_count: count.describe("Rings before they do; 0 where nobody said."),
});

const endpoint = row("One configured endpoint.", {
  name: text.describe("Name of its section in config.toml."),
  state: deviceState.describe("State of its device `PJSIP/name`."),
  context: text.describe("Context in which its subscriptions find hints."),
  allow_subscribe: flag.describe("Whether it may watch anything."),
  identified_by: z.enum(["password", "address", "none"]).describe(
    "How it proves who it is: `password` by digest, `address` by source, `none` believed on its word.",
  ),
  match: listOf(text).describe("Addresses and networks that identify it."),
  contacts: listOf(contact).describe("Where it is reached, permanent ones first."),
  is_dnd: flag.describe("Whether its phones do not disturb: the presence `dnd` of `CustomPresence:NAME`."),
  forwardings: listOf(forwarding).describe("Where its phones were told to send calls; kinds never set are left out."),
  subscription_count: count.describe("Its living subscriptions."),
  max_subscriptions: count.describe("How many it may have."),
});

const publication = row("One publication that somebody else keeps alive here.", {
  id: text.describe("Stable while it lives; its entity-tag is nobody's but its publisher's."),
  endpoint: text.describe("Endpoint that published it."),
  event: text.describe("Event package."),
  target: text.describe("Device, mailbox or name that it is about."),
  media_type: text.describe("Type of the document."),
  description: text.describe("What it says, in short."),
  published_at: instant.describe("When it was first published."),
  expires_at: instant.describe("When it ends unless refreshed."),
});

const outboundPublication = row("One publication that hintd keeps alive at another server.", {
  section: text.describe("NAME of its `[outbound_publish.NAME]`."),
  event: text.describe("Event package."),
  exten: text.describe('Extension; "" where it stands for more than one.'),
  uri: text.describe("Where it is published."),
  state: z.enum(["published", "pending", "failing"]).describe("Whether the server holds what is true."),
  last_status: count.nullable().describe("SIP status of the last answer; null before the first."),
  why: text.describe('Why it fails; "" when it does not.'),
  failing_since: instant.nullable().describe("Since when it fails; null while it does not."),
});

const list = row("One configured list.", {
  name: text.describe("NAME of its `[lists.NAME]`."),
  event: text.describe("Event package."),
  members: listOf(text).describe("All that it tells of, those of lists in it included, in the order of telling."),
  missing: listOf(text).describe("Members that a watcher of it looks for in vain."),
  full_state: flag.describe("Every NOTIFY tells of all members."),
  notification_batch_interval_ms: count.describe("How long changes are collected."),
  subscriptions: listOf(text).describe("Ids of the subscriptions to it."),
});

const notify = row("The last NOTIFY of a subscription and what became of it.", {
  sent_at: instant.describe("When it left for the first time."),
  status: count.nullable().describe(
    "SIP status of the answer; null while it is awaited; 408 no answer in time, 503 could not be sent.",
  ),
  answered_after_ms: count.nullable().describe("Milliseconds until the answer; null while it is awaited."),
});

const subscription = row("One watcher's subscription.", {
  id: text.describe("Id for DELETE; our tag of the dialog."),
  endpoint: text.describe("Endpoint that watches."),
  context: text.describe('Context of the watched hint; "" where the event package knows no contexts.'),
  exten: text.describe(
    'Watched extension; for message-summary and reg the address-of-record, "" for all of the endpoint\'s own.',
  ),
  event: text.describe("Event package."),
  media_type: text.describe("Body type it is told in."),
  call_id: text.describe("Call-ID of its dialog, by which its messages are found."),
  state: z.enum(["pending", "active", "terminated"]).describe("Where in its life it is."),
  reason: text.nullable().describe("Why it ended; null while it lives."),
  source: text.describe("`udp 192.168.1.20:5060`."),
  user_agent: text.describe('What the phone calls itself; "" when it does not.'),
  created_at: instant.describe("When the first SUBSCRIBE came."),
  expires_at: instant.describe("When it ends unless refreshed."),
  last_notify: notify.nullable().describe("The newest NOTIFY; null before the first."),
  failure_count: count.describe("NOTIFYs in a row that failed."),
});

const problem = row("Something that an operator should know or do.", {
  severity: z.enum(["error", "warning"]).describe("Whether something does not work, or may not."),
  area: text.describe("Layer that complains: `config`, `auth`, `event`, `transport` …"),
  message: text.describe("What is wrong, one sentence without full stop."),
  remedy: text.describe('What to do about it; "" when there is nothing.'),
  where: text.describe('`config.toml:12:3`, an address, a hint; "" when it is nowhere in particular.'),
  first_at: instant.describe("When it was first seen."),
  last_at: instant.describe("When it was last seen."),
  count: count.describe("How often it was seen."),
});

const reloadReport = row("What a reload did; nothing is in force of a configuration with errors.", {
  is_applied: flag.describe("Whether the new configuration is in force."),
  errors: listOf(text).describe("`config.toml:12:3: …`, every one of them."),
  warnings: listOf(text).describe("`config.toml:12:3: …`, what is doubtful but allowed."),
  changes: listOf(text).describe('What changed, in words: "3 hints added"; empty when nothing did.'),
});

const hintDetail = row("One hint and who watches it.", {
  ...hint.unwrap().shape,
  watchers: listOf(subscription).describe("Subscriptions to it."),
});

const explanation = row("Why a lamp is as it is: the chain from hint to the watchers' last NOTIFY.", {
  hint: hint.describe("The lamp in question."),
  watchers: listOf(subscription).describe("Who is told of it."),
  steps: listOf(row("One link of the chain.", {
    title: z.enum(["Hint", "Devices", "Published", "Lamp", "Presence", "Watchers"]).describe("What the link is about."),
    lines: listOf(text).describe("Sentences without full stop, one per line."),
  })).describe("The chain in words, in the order of cause and effect."),
});

const message = row("One SIP message as it was on the wire.", {
  id: count.describe("Counts all messages since the start."),
  at: instant.describe("When it came, or was handed to the socket; to the microsecond."),
  is_sent: flag.describe("True for what hintd sent, false for what it received."),
  transport: z.enum(["udp", "tcp", "tls", "ws", "wss"]).describe("How it went."),
  local: text.describe("Our address and port; IPv6 in brackets."),
  remote: text.describe("The peer's address and port; IPv6 in brackets."),
  dialog: text.describe("Call-ID; where none can be read, `@` and the peer."),
  method: text.describe("Method of a request, or of the request that a response answers."),
  status: count.nullable().describe("Status of a response; null for a request."),
  reason: text.describe("Reason phrase of a response."),
  cseq: count.nullable().describe("Number in CSeq; null where none can be read."),
  request_user: text.describe("User part of the Request-URI; empty for a response."),
  from: text.describe("User part of From, or its host."),
  to: text.describe("User part of To, or its host."),
  event: text.describe("Value of Event; empty where there is none."),
  subscription_state: text.describe("Value of Subscription-State; empty where there is none."),
  expires: text.describe("Value of Expires; empty where there is none."),
  content_type: text.describe("Value of Content-Type; empty where there is none."),
  user_agent: text.describe("Value of User-Agent or Server; empty where there is none."),
  is_repeated: flag.describe("Whether the same was said before: a retransmission."),
  fault: text.nullable().describe("The rule of SIP that it breaks; null when it breaks none."),
  wire_bytes: count.describe("Its length on the wire."),
  is_whole: flag.describe("False where only its beginning was kept."),
  text: text.describe("The message; proofs of passwords are replaced by `x`."),
});

const rate = z.number().min(0);
const span = rate.nullable();

const sample = row("Rates and latencies of ten seconds.", {
  at: instant.describe("End of the ten seconds."),
  requests_per_second: rate.describe("Requests that came, ACK and CANCEL not among them."),
  refusals_per_second: rate.describe("Those of them that were refused, challenges not among them."),
  changes_per_second: rate.describe("Changes of lamps."),
  notifies_per_second: rate.describe("NOTIFYs sent."),
  failures_per_second: rate.describe("NOTIFYs that were refused, or that nobody answered."),
  repetitions_per_second: rate.describe("Requests of hintd that had to be sent again for want of an answer."),
  told_after_ms: span.describe("From a change to its NOTIFY, median; null where there was none."),
  told_after_ms_p95: span.describe("The same for the slowest twentieth."),
  answered_after_ms: span.describe("From a NOTIFY to its answer, median; null where there was none."),
  answered_after_ms_p95: span.describe("The same for the slowest twentieth."),
});

const problemDocument = row("How the API says no. Source: RFC 9457.", {
  type: z.literal("about:blank").describe("`code` tells problems apart."),
  title: text.describe("The status in words."),
  status: z.int().min(400).max(599).describe("The HTTP status."),
  detail: text.describe("What went wrong, one sentence for people."),
  code: text.describe("What went wrong, for programs: `unknown_field`."),
  errors: listOf(
    z.strictObject({
      pointer: text.optional().describe("JSON pointer to the culprit in the body."),
      detail: text.describe("What is wrong and what is accepted."),
    }).readonly(),
  ).optional().describe("Every fault of the body, or of the configuration."),
});

/** Every shape by its name in the OpenAPI document. */
export const apiSchemas = {
  Status: status,
  Listener: listener,
  Hint: hint,
  HintDevice: hintDevice,
  HintPresence: hintPresence,
  HintDetail: hintDetail,
  Explanation: explanation,
  Device: device,
  Presence: presence,
  Mailbox: mailbox,
  Endpoint: endpoint,
  Contact: contact,
  Publication: publication,
  OutboundPublication: outboundPublication,
  List: list,
  Subscription: subscription,
  Notify: notify,
  Message: message,
  Problem: problem,
  Sample: sample,
  ReloadReport: reloadReport,
  ProblemDocument: problemDocument,
  ExtensionState: extensionState,
  DeviceState: deviceState,
  PresenceState: presenceState,
  Hints: itemsOf(hint),
  Devices: itemsOf(device),
  Presences: itemsOf(presence),
  Mailboxes: itemsOf(mailbox),
  Endpoints: itemsOf(endpoint),
  Contacts: itemsOf(contact),
  Publications: itemsOf(publication),
  OutboundPublications: itemsOf(outboundPublication),
  Lists: itemsOf(list),
  Subscriptions: itemsOf(subscription),
  Messages: itemsOf(message),
  Problems: itemsOf(problem),
  Samples: itemsOf(sample),
} as const;

/** Name of a shape. */
export type ApiSchemaName = keyof typeof apiSchemas;

/** A value of the shape `Name`. */
export type ApiValue<Name extends ApiSchemaName> = z.output<(typeof apiSchemas)[Name]>;
