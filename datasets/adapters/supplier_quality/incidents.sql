-- One incident a row. The source numbers none of them: the number here is the line in Metrics.csv.
-- Severity and cause are not part of the contract; they are given so that `check` says that they are not read.
SELECT
    CAST(m.row_ AS VARCHAR) AS incident,
    REPLACE(REGEXP_REPLACE(LOWER(p.Plant), ',? [a-z]{2}$', ''), ' ', '-') AS unit,
    m.Date AS date,
    'quality' AS kind,
    REGEXP_REPLACE(m."Vendor ID", '\.0$', '') AS supplier,
    REGEXP_REPLACE(m."Material ID", '\.0$', '') AS product,
    t."Defect Type" AS severity,
    d.Defect AS cause,
    m."Defect Qty" AS quantity,
    m."Downtime min" AS minutes
FROM Metrics m
LEFT JOIN Plant p ON p."Plant ID" = m."Plant ID"
LEFT JOIN DefectType t ON t."Defect Type ID" = m."Defect Type ID"
LEFT JOIN Defect d ON d."Defect ID" = m."Defect ID"
ORDER BY m.row_
