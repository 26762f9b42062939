-- A company's unit is its name without the legal form; the CIK number follows where two have one name. Its currency
-- is the one most of its facts are in.
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
)
SELECT cik, name, currency, short || CASE WHEN COUNT(*) OVER (PARTITION BY short) > 1 THEN '-' || cik ELSE '' END AS company
FROM named
