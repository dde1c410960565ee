-- A query for wrk: KEY=xgb N=100 wrk -t1 -c16 -d5s --latency -s tools/serve_load.lua http://127.0.0.1:8301/v1/query
local arch = '"[[(0, 3), (1, 3), (0, 3), (1, 3), (0, 2), (1, 3), (0, 2), (2, 5)], [(0, 0), (1, 0), (1, 0), (2, 2), (0, 0), (2, 2), (1, 0), (2, 2)]]"'
local list = {}
for i = 1, tonumber(os.getenv("N") or "1") do
  list[i] = arch
end
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"surrogate": "' .. (os.getenv("KEY") or "mini") .. '", "architectures": [' .. table.concat(list, ",") .. "]}"
