-- A unit is a company (companies.view.sql). Its fiscal year begins in the month after the one its latest full year ended in.
WITH years AS (
    SELECT f.cik, EXTRACT(month FROM MAX(CAST(f.month AS DATE))) % 12 + 1 AS first_month
    FROM facts f
    JOIN account_map m ON m.tag = f.tag AND m.account = 'net_income'
    WHERE f.months = '12' AND f.part IS NULL
    GROUP BY f.cik
)
SELECT
    company AS unit,
    name,
    CAST(NULL AS VARCHAR) AS parent,
    'company' AS kind,
    currency,
    first_month AS fiscal_year_start
FROM companies
LEFT JOIN years USING (cik)
ORDER BY unit
