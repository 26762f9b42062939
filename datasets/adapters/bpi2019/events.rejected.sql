-- Documents of vendors whose date lies outside the time in which the company itself did anything.
WITH timed AS (
    SELECT *, "concept:name" LIKE 'Vendor creates %' AS by_vendor, CAST("time:timestamp" AS TIMESTAMP) AS time
    FROM Event
),
span AS (
    SELECT MIN(time) AS first, MAX(time) AS last FROM timed WHERE NOT by_vendor
)
SELECT
    CASE
        WHEN t.time < s.first THEN 'vendor''s document dated before the company''s own first step'
        ELSE 'vendor''s document dated after the company''s own last step'
    END AS reason
FROM timed t, span s
WHERE by_vendor AND t.time NOT BETWEEN s.first AND s.last
