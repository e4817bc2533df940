// Sends events with one of the real clients, as a product would, and ends when all of them are accepted.
//   node send.mjs segment|rudderstack|posthog URL WRITE_KEY COUNT
import { Analytics } from "@segment/analytics-node";
import RudderAnalytics from "@rudderstack/rudder-sdk-node";
import { PostHog } from "posthog-node";

const [client, url, key, count] = process.argv.slice(2);
const flush = { flushAt: 4, flushInterval: 200 };

// Each gives what sends one event, and what waits for the last answer.
const clients = {
  segment() {
    const analytics = new Analytics({ writeKey: key, host: url, maxRetries: 30, ...flush });
    return {
      track: (userId, event, properties) => analytics.track({ userId, event, properties }),
      end: () => analytics.closeAndFlush({ timeout: 40000 }),
    };
  },
  rudderstack() {
    const analytics = new RudderAnalytics(key, { dataPlaneUrl: url, retryCount: 30, logLevel: "error",
      axiosRetryConfig: { retryDelay: () => 100 }, ...flush });
    const answered = [];
    return {
      track: (userId, event, properties) => answered.push(new Promise((resolve, reject) =>
        analytics.track({ userId, event, properties }, (error) => (error ? reject(error) : resolve())))),
      end: () => Promise.all(answered),
    };
  },
  posthog() {
    const posthog = new PostHog(key, { host: url, fetchRetryCount: 30, fetchRetryDelay: 100, ...flush });
    return {
      track: (distinctId, event, properties) => posthog.capture({ distinctId, event, properties }),
      end: () => posthog.shutdown(40000),
    };
  },
};

const { track, end } = clients[client]();
for (let i = 0; i < Number(count); ++i) {
  track(`${client}-${i % 7}`, "Export Used", { format: i % 2 ? "csv" : "png", client });
  track(`${client}-${i % 7}`, "Never Named", { text: "private" });
  await new Promise((resolve) => setTimeout(resolve, 20));
}
await end();
process.exit(0);
