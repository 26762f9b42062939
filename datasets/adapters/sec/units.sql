-- A unit is a company, called by its name without its legal form; the CIK number follows where two have one name.
-- Its fiscal year begins in the month after the one its latest full year ended in.
WITH named AS (
    SELECT
        cik,
        ARG_MAX(company, filed) AS name,
        TRIM(REGEXP_REPLACE(REGEXP_REPLACE(LOWER(ARG_MAX(company, filed)),
            '[ ,]+(inc|corp|corporation|co|company|ltd|plc|llc|lp|nv|sa|ag|se)[.]?( */[a-z]+/?)?$', ''),
            '[^a-z0-9]+', '-', 'g'), '-') AS short,
        MODE(unit) FILTER (REGEXP_FULL_MATCH(unit, '[A-Z]{3}')) AS currency
    FROM facts
    WHERE part IS NULL
    GROUP BY cik
),
years AS (
    SELECT f.cik, EXTRACT(month FROM MAX(CAST(f.month AS DATE))) % 12 + 1 AS first_month
    FROM facts f
    JOIN account_map m ON m.tag = f.tag AND m.account = 'net_income'
    WHERE f.months = '12' AND f.part IS NULL
    GROUP BY f.cik
)
SELECT
    short || CASE WHEN COUNT(*) OVER (PARTITION BY short) > 1 THEN '-' || cik ELSE '' END AS unit,
    name,
    CAST(NULL AS VARCHAR) AS parent,
    'company' AS kind,
    currency,
    first_month AS fiscal_year_start
FROM named
LEFT JOIN years USING (cik)
ORDER BY unit
