-- one row per opened period, the newest first
SELECT label
FROM period
ORDER BY ends DESC, starts DESC
