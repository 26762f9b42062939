-- A year's budget, whole, in the last month of the fiscal year (README). Debit is positive: revenue turns its sign.
-- Of several versions the one that is last by name counts for a unit and month: 2 adjusted comes after 1 adopted.
-- A department that was dissolved when the budget was adjusted has no row there; it gets one with 0, which no row
-- of the source stands behind (source_rows 0), or its adopted budget would still count.
WITH rows AS (
    SELECT
        CASE WHEN file_ LIKE '%adopted%' THEN '1 adopted' WHEN file_ LIKE '%adjusted%' THEN '2 adjusted' END AS version,
        '20' || RIGHT(budget_year, 2) || '-06-01' AS month,
        COALESCE(REPLACE(REPLACE(LOWER(department), ' & ', '-and-'), ' ', '-'), 'oakland') AS unit,
        fund_code || ' ' || COALESCE(account_category, account_type) AS account,
        CASE WHEN account_type = 'Revenue' THEN -1 ELSE 1 END * CAST(amount AS DECIMAL(19, 4)) AS amount
    FROM Budget
),
dissolved AS (
    SELECT DISTINCT '2 adjusted' AS version, a.month, a.unit, MIN(a.account) AS account
    FROM rows a
    WHERE a.version = '1 adopted'
      AND a.month IN (SELECT month FROM rows WHERE version = '2 adjusted')
      AND a.unit NOT IN (SELECT unit FROM rows WHERE version = '2 adjusted')
    GROUP BY a.month, a.unit
)
SELECT version, month, unit, account, SUM(amount) AS amount, COUNT(*) AS source_rows
FROM rows
GROUP BY ALL
UNION ALL
SELECT version, month, unit, account, 0, 0 FROM dissolved
ORDER BY version, month, unit, account
