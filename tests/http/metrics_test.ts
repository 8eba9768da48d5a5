import { afterEach, describe, expect, test } from "bun:test";
import { makeToken } from "../../lib/http/passwords.ts";
import { systemEntropy } from "../../lib/runtime/entropy.ts";
import { startServer, type TestServer } from "./support.ts";

let server: TestServer;
afterEach(() => server.stop());

describe("GET /metrics", () => {
  test("writes measurements as Prometheus reads them, labels escaped", async () => {
    server = await startServer();
    server.controls.measured.push(
      { name: "hintd_lamps_stale", help: "Lamps.", type: "gauge", samples: [{ labels: {}, value: 2 }] },
      {
        name: "hintd_lost_total",
        help: "Lost ones.",
        type: "counter",
        samples: [{ labels: { reason: 'a "b"\n' }, value: 7 }],
      },
      {
        name: "hintd_span_seconds",
        help: "Spans.",
        type: "histogram",
        samples: [
          { suffix: "_bucket", labels: { le: "0.5" }, value: 1 },
          { suffix: "_bucket", labels: { le: "+Inf" }, value: 3 },
          { suffix: "_sum", labels: {}, value: 4.5 },
          { suffix: "_count", labels: {}, value: 3 },
        ],
      },
    );
    const response = await server.request("/metrics");
    expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const text = await response.text();
    expect(text).toContain("# HELP hintd_lamps_stale Lamps.\n# TYPE hintd_lamps_stale gauge\nhintd_lamps_stale 2\n");
    expect(text).toContain('hintd_lost_total{reason="a \\"b\\"\\n"} 7\n');
    expect(text).toContain(
      "# TYPE hintd_span_seconds histogram\n" +
        'hintd_span_seconds_bucket{le="0.5"} 1\nhintd_span_seconds_bucket{le="+Inf"} 3\n' +
        "hintd_span_seconds_sum 4.5\nhintd_span_seconds_count 3\n",
    );
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
    expect(text).toMatch(/^process_cpu_seconds_total [\d.]+$/m);
  });

  test("is told whom it knows, and nobody else", async () => {
    const { token, hash } = makeToken(systemEntropy);
    server = await startServer({ password_hash: "$plain$x", tokens: [{ name: "prometheus", hash, scope: "read" }] });
    const stranger = await server.request("/metrics");
    expect(stranger.status).toBe(401);
    expect(stranger.headers.get("www-authenticate")).toBe(`Bearer realm="hintd"`);
    const scraper = await server.request("/metrics", { headers: { authorization: `Bearer ${token}` } });
    expect(scraper.status).toBe(200);
  });
});
