-- Requests of wrk: batches of events as @segment/analytics-node sends them, each with ids of its own.
local size, serial, thread = 1, 0, 0
local numbers = 0

function setup(started)
  started:set("number", numbers)
  numbers = numbers + 1
end

function init(arguments)
  size = tonumber(arguments[1])
  run = arguments[2]
end

function request()
  local items = {}
  for i = 1, size do
    serial = serial + 1
    items[i] = string.format(
      '{"type":"track","event":"Export Used","userId":"user-%d","messageId":"node-next-%s-%d-%d",' ..
      '"properties":{"format":"csv","rows":%d,"report_type":"weekly"},"timestamp":"%s",' ..
      '"context":{"library":{"name":"@segment/analytics-node","version":"2.2.1"}},"integrations":{}}',
      serial % 50000, run, number, serial, serial % 1000, os.date("!%Y-%m-%dT%H:%M:%S.000Z"))
  end
  local body = '{"batch":[' .. table.concat(items, ",") .. '],"sentAt":"' ..
    os.date("!%Y-%m-%dT%H:%M:%S.000Z") .. '"}'
  return wrk.format("POST", "/v1/batch",
    { ["Authorization"] = "Bearer 0123456789abcdef", ["Content-Type"] = "application/json" }, body)
end
