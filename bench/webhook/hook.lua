-- wrk: deliveries of one body, each with an id of its own. BODY: its file; RUN: begins the ids; HEADERS: "name: value" lines.
local file = io.open(os.getenv("BODY"), "rb")
local body = file:read("*a")
file:close()
local headers = {}
for name, value in string.gmatch(os.getenv("HEADERS"), "([^\n:]+): ([^\n]+)") do headers[name] = value end
local run, number = os.getenv("RUN"), 0

request = function()
  number = number + 1
  headers["webhook-id"] = run .. "-4cd8-4e6e-9fac-" .. number
  return wrk.format("POST", wrk.path, headers, body)
end

done = function(summary, latency)
  local errors = summary.errors
  io.write(string.format('JSON {"requests":%d,"us":%d,"p99":%.3f,"max":%.3f,"refused":%d,"broken":%d}\n',
    summary.requests, summary.duration, latency:percentile(99) / 1000, latency.max / 1000, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
