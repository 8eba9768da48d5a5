/**
 * Owns the meaning of the layers' counters for Prometheus: under which name and label each of them is told.
 *
 * A counter that is in no family fails a test: whoever counts something says here what it means.
 */

/** Counters that are told under one name. */
export interface CounterFamily {
  /** Without `hintd_` and `_total`. */
  readonly name: string;
  /** What it means. */
  readonly help: string;
  /** What tells its counters apart; absent for a single one. */
  readonly label?: string;
  /** Value of the label → `area.counter`; "" for a single one. */
  readonly of: Readonly<Record<string, string>>;
}

/** Every family, in the order of a datagram's journey. */
export const counterFamilies: readonly CounterFamily[] = [
  {
    name: "lamps_stuck",
    help: "Lamps that rang for too long, or whose phone was gone in a call; and those of them that were cleared.",
    label: "what",
    of: { found: "watchdog.stuck", cleared: "watchdog.cleared" },
  },
  {
    name: "datagrams_received",
    help: "Datagrams that arrived, keep-alives and strangers included.",
    of: { "": "transport.datagramsReceived" },
  },
  { name: "datagrams_sent", help: "Datagrams that the kernel took.", of: { "": "transport.datagramsSent" } },
  {
    name: "datagrams_lost",
    help: "Datagrams that did not arrive: dropped because too many waited, refused by the kernel, or answered by ICMP.",
    label: "reason",
    of: {
      dropped: "transport.datagramsDropped",
      refused: "transport.datagramsFailed",
      unreachable: "transport.datagramsUnreachable",
    },
  },
  {
    name: "requests_delayed",
    help: "Requests that waited for a later turn of the event loop because there was much to do.",
    of: { "": "transport.requestsDelayed" },
  },
  {
    name: "requests_overrun",
    help: "Requests thrown away because too many waited; whoever sent them repeats them.",
    of: { "": "transport.requestsOverrun" },
  },
  {
    name: "datagrams_ignored",
    help: "Datagrams without a SIP message: keep-alives of phones, and STUN and its kin.",
    label: "kind",
    of: { keep_alive: "transport.keepAlives", stranger: "transport.strangeDatagrams" },
  },
  {
    name: "stream_received_bytes",
    help: "Bytes that arrived by connections.",
    of: { "": "transport.streamBytesReceived" },
  },
  {
    name: "connections_begun",
    help: "Connections by who opened them, or why they came to nothing.",
    label: "outcome",
    of: {
      accepted: "transport.connectionsAccepted",
      opened: "transport.connectionsOpened",
      refused: "transport.connectionsRefused",
      failed: "transport.connectionsFailed",
    },
  },
  {
    name: "connections_closed",
    help: "Connections that ended, for whatever reason.",
    of: { "": "transport.connectionsClosed" },
  },
  {
    name: "connections_cut",
    help: "Connections that hintd closed: silent or slow senders, peers that do not read, bytes that are no SIP.",
    label: "reason",
    of: {
      timed_out: "transport.connectionsTimedOut",
      stalled: "transport.connectionsStalled",
      garbled: "transport.connectionsGarbled",
    },
  },
  {
    name: "parse_failures",
    help: "Messages that broke the grammar: answered with 400, or ignored because nobody could be answered.",
    label: "outcome",
    of: { answered: "transaction.garbageAnswered", ignored: "transaction.garbageIgnored" },
  },
  {
    name: "requests_received",
    help:
      "Requests that arrived: new ones, repeated ones, those that took two ways, and those refused for want of room.",
    label: "kind",
    of: {
      "new": "transaction.requestsReceived",
      repeated: "transaction.requestsRepeated",
      merged: "transaction.requestsMerged",
      overload: "transaction.requestsRefused",
      cancel: "transaction.cancelsReceived",
      ack: "transaction.acksAbsorbed",
      stray_ack: "transaction.acksStray",
    },
  },
  {
    name: "transactions_forgotten",
    help: "Answered requests that were forgotten before their time to make room; above 0 the appliance is flooded.",
    of: { "": "transaction.requestsForgotten" },
  },
  {
    name: "responses_sent",
    help: "Responses that left, those that left again, and those that no rule lets out.",
    label: "kind",
    of: {
      first: "transaction.responsesSent",
      repeated: "transaction.responsesRepeated",
      suppressed: "transaction.responsesSuppressed",
    },
  },
  {
    name: "requests_sent",
    help: "Requests of hintd; repeated ones say that datagrams or phones get lost.",
    label: "kind",
    of: { first: "transaction.requestsSent", repeated: "transaction.requestsResent" },
  },
  {
    name: "responses_received",
    help: "Responses that arrived: used, to what was answered already, and to nothing of hintd's.",
    label: "kind",
    of: {
      used: "transaction.responsesReceived",
      absorbed: "transaction.responsesAbsorbed",
      stray: "transaction.responsesStray",
    },
  },
  {
    name: "requests_failed",
    help:
      "Requests of hintd without an answer: none in time, a broken connection, or none begun because too many were on their way.",
    label: "reason",
    of: { timeout: "transaction.timeouts", transport: "transaction.failures", overload: "transaction.clientsRefused" },
  },
  {
    name: "faults",
    help: "Errors of hintd itself; any of them is worth a report with its line of the log.",
    of: { "": "transaction.faults" },
  },
  {
    name: "requests_served",
    help: "New requests by their outcome; a challenge is the normal first round of a phone with a password.",
    label: "outcome",
    of: { granted: "uas.granted", challenged: "uas.challenged", refused: "uas.refused" },
  },
  {
    name: "senders",
    help:
      "Senders examined: right credentials, believed without any, challenged for none, for old ones, for wrong ones.",
    label: "outcome",
    of: {
      proven: "auth.proven",
      believed: "auth.believed",
      challenged: "auth.challenged",
      stale: "auth.stale",
      refused: "auth.refused",
    },
  },
  {
    name: "notifies",
    help: "NOTIFYs of subscriptions: sent, answered with 2xx, failed, and saved because a newer state came first.",
    label: "outcome",
    of: {
      sent: "event.notifySent",
      answered: "event.notifyAnswered",
      failed: "event.notifyFailed",
      coalesced: "event.notifyCoalesced",
    },
  },
  {
    name: "notify_window_full",
    help: "Turns in which NOTIFYs had to wait for the answers of others.",
    of: { "": "event.windowFull" },
  },
  {
    name: "unsolicited_notifies",
    help: "NOTIFYs of message waiting to phones that did not subscribe.",
    label: "outcome",
    of: {
      sent: "unsolicited.sent",
      answered: "unsolicited.answered",
      failed: "unsolicited.failed",
      refused: "unsolicited.refused",
    },
  },
  {
    name: "registrations",
    help:
      "REGISTERs granted and refused, and contacts that ended: not refreshed in time, or gone with their connection.",
    label: "outcome",
    of: {
      granted: "registrar.granted",
      refused: "registrar.refused",
      expired: "registrar.expired",
      disconnected: "registrar.disconnected",
    },
  },
  {
    name: "probes",
    help:
      "OPTIONS to contacts: sent, found reachable, found unreachable, left out because too many requests were on their way.",
    label: "outcome",
    of: {
      sent: "qualify.probesSent",
      answered: "qualify.probesAnswered",
      failed: "qualify.probesFailed",
      skipped: "qualify.probesSkipped",
    },
  },
  {
    name: "publications_received",
    help: "What became of publications of others.",
    label: "outcome",
    of: {
      published: "publication.published",
      refreshed: "publication.refreshed",
      modified: "publication.modified",
      removed: "publication.removed",
      refused: "publication.refused",
      expired: "publication.expired",
      revoked: "publication.revoked",
    },
  },
  {
    name: "publications_sent",
    help: "PUBLISHes to other servers by what they carry.",
    label: "kind",
    of: { document: "publish.documentsSent", refresh: "publish.refreshesSent", removal: "publish.removalsSent" },
  },
  {
    name: "publications_answered",
    help: "PUBLISHes to other servers by what became of them.",
    label: "outcome",
    of: {
      granted: "publish.granted",
      challenged: "publish.challengesAnswered",
      tag_forgotten: "publish.tagsForgotten",
      refused: "publish.refused",
      unanswered: "publish.unanswered",
    },
  },
];

/** Counters that need no family: the sum of others. */
export const summedCounters: readonly string[] = ["uas.requests"];
