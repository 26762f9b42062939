-- One row a step, in UTC as the log has it. What the vendor dated before the company's own first step or after its
-- last one is left out (events.rejected.sql).
-- The log names nobody: activities.csv says which department usually does what, and people may edit it. An activity
-- not listed there keeps no department, and then no hand-off is counted with it.
-- Receipts and service entry sheets are both the receiver's: the system writes one with the other, in one minute.
WITH timed AS (
    SELECT *, "concept:name" LIKE 'Vendor creates %' AS by_vendor, CAST("time:timestamp" AS TIMESTAMP) AS time
    FROM Event
),
span AS (
    SELECT MIN(time) AS first, MAX(time) AS last FROM timed WHERE NOT by_vendor
)
SELECT
    t."case",
    t.step,
    'company' AS unit,
    t."concept:name" AS activity,
    a.department,
    t.time
FROM timed t
CROSS JOIN span s
LEFT JOIN activities a ON a.activity = t."concept:name"
WHERE NOT by_vendor OR t.time BETWEEN s.first AND s.last
ORDER BY t."case", CAST(t.step AS BIGINT)
